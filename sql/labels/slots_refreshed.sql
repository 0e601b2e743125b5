-- The closed slots that a refresh reads: those of its symbols from the first whose horizon reaches a refreshed bar
-- (target_from) to the last horizon of a refreshed bar (target_read_to). Constants, so that MariaDB reads one range a
-- symbol and opens only the partitions of that time.
SELECT s.symbol, s.bar_end <= %(refresh_to)s AS is_asked, s.bar_end, s.closure_at, f.close, NULLIF(f.atr, 0) AS atr
FROM slot s FORCE INDEX (PRIMARY)
LEFT JOIN feature f ON f.symbol = s.symbol AND f.bar_end = s.bar_end
     AND f.bar_end BETWEEN %(target_from)s AND %(target_read_to)s
WHERE s.symbol IN %(symbols)s AND s.bar_end BETWEEN %(target_from)s AND %(target_read_to)s AND s.closed_at IS NOT NULL
