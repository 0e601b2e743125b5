-- The closed slots that a refresh reads: those of the ranges in the temporary table refresh_range, from the first whose
-- horizon reaches a refreshed bar (target_from) to the last horizon of a refreshed bar (target_read_to). The two times
-- span all ranges: as constants they leave out the partitions that no range reaches. Without FORCE INDEX many ranges of a
-- young table are searched for by reading all of it.
SELECT STRAIGHT_JOIN s.symbol, r.range_id, s.bar_end <= r.refresh_to AS is_asked, s.bar_end, s.closure_at, f.close, f.atr
FROM refresh_range r
JOIN slot s FORCE INDEX (PRIMARY) ON s.symbol = r.symbol AND s.bar_end BETWEEN r.target_from AND r.target_read_to
LEFT JOIN feature f ON f.symbol = s.symbol AND f.bar_end = s.bar_end
     AND f.bar_end BETWEEN %(target_from)s AND %(target_read_to)s
WHERE s.closed_at IS NOT NULL
