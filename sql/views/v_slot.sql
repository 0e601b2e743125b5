-- Public: each closed slot's state. missing: no bar; degraded: a bar, but no book, no VIX close or no COT report known by
-- then; complete: all of them.
CREATE OR REPLACE VIEW v_slot AS
SELECT s.symbol, s.bar_end, s.live, s.closed_at, s.ready_at,
       CASE WHEN bar.symbol IS NULL THEN 'missing'
            WHEN book.symbol IS NULL OR f.vix_missing = 1 OR f.cot_missing = 1 THEN 'degraded'
            ELSE 'complete' END AS state,
       bar.symbol IS NOT NULL AS has_bar, book.symbol IS NOT NULL AS has_book,
       f.vix_missing = 0 AS has_vix, f.cot_missing = 0 AS has_cot,
       bar.source AS bar_source, book.source AS book_source
FROM slot s
LEFT JOIN bar ON bar.symbol = s.symbol AND bar.bar_end = s.bar_end
LEFT JOIN book ON book.symbol = s.symbol AND book.bar_end = s.bar_end
LEFT JOIN feature f ON f.symbol = s.symbol AND f.bar_end = s.bar_end
WHERE s.closed_at IS NOT NULL
