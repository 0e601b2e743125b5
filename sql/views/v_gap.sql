-- Public: closed slots whose bar never came.
CREATE OR REPLACE VIEW v_gap AS
SELECT s.symbol, s.bar_end, s.closed_at
FROM slot s
LEFT JOIN bar ON bar.symbol = s.symbol AND bar.bar_end = s.bar_end
WHERE s.closed_at IS NOT NULL AND bar.symbol IS NULL
