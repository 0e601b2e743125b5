-- The closed slots that the view reads: all of them, all of their labels asked for.
SELECT s.symbol, TRUE AS is_asked, s.bar_end, s.closure_at, f.close, NULLIF(f.atr, 0) AS atr
FROM slot s
LEFT JOIN feature f ON f.symbol = s.symbol AND f.bar_end = s.bar_end
WHERE s.closed_at IS NOT NULL
