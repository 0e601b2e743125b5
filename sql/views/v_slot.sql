-- Public: each closed slot's state. missing: no bar; degraded: a bar, but no book, no VIX close or no COT report known by
-- then; complete: all of them. What cannot be there is not looked for: what the settings' features.use leaves out, and
-- the COT report of a symbol without a contract (its has_cot is 0 all the same). has_vix and has_cot are read from the
-- feature row: 0 where there is none.
CREATE OR REPLACE VIEW v_slot AS
SELECT s.symbol, s.bar_end, s.live, s.closed_at, s.ready_at,
       CASE WHEN bar.symbol IS NULL THEN 'missing'
            WHEN {no_book} OR {no_vix} OR (n.cot_contract IS NOT NULL AND {no_cot}) THEN 'degraded'
            ELSE 'complete' END AS state,
       bar.symbol IS NOT NULL AS has_bar, book.symbol IS NOT NULL AS has_book,
       NOT ({no_vix}) AS has_vix, NOT ({no_cot}) AS has_cot,
       bar.source AS bar_source, book.source AS book_source
FROM slot s
LEFT JOIN bar ON bar.symbol = s.symbol AND bar.bar_end = s.bar_end
LEFT JOIN book ON book.symbol = s.symbol AND book.bar_end = s.bar_end
LEFT JOIN feature f ON f.symbol = s.symbol AND f.bar_end = s.bar_end
LEFT JOIN instrument n ON n.symbol = s.symbol
WHERE s.closed_at IS NOT NULL
