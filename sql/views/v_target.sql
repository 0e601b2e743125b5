-- Public: the four labels of each bar. Horizons count calendar slots, so a missing bar does not stretch them; a label is
-- NULL while its horizon is not over, when the bar there is missing, when there is no ATR, and (unless the setting
-- targets.across_closure) when the horizon leaves the contiguous trading time: an overnight gap makes no label.
CREATE OR REPLACE VIEW v_target AS
WITH slots AS (
    SELECT s.symbol, s.bar_end, s.closure_at, i.close, i.atr
    FROM slot s
    LEFT JOIN v_indicator i ON i.symbol = s.symbol AND i.bar_end = s.bar_end
    WHERE s.closed_at IS NOT NULL
),
horizons AS (
    SELECT slots.*,
           LEAD(close, {near}) OVER by_time AS close_near, LEAD(closure_at, {near}) OVER by_time AS closure_near,
           LEAD(close, {far}) OVER by_time AS close_far, LEAD(closure_at, {far}) OVER by_time AS closure_far
    FROM slots
    WINDOW by_time AS (PARTITION BY symbol ORDER BY bar_end)
)
SELECT symbol, bar_end, close, atr,
       CASE WHEN {across} OR closure_near = closure_at THEN close_near >= close + {near_atr} * atr END AS up1,
       CASE WHEN {across} OR closure_far = closure_at THEN close_far >= close + {far_atr} * atr END AS up2,
       CASE WHEN {across} OR closure_near = closure_at THEN close_near <= close - {near_atr} * atr END AS down1,
       CASE WHEN {across} OR closure_far = closure_at THEN close_far <= close - {far_atr} * atr END AS down2
FROM horizons
WHERE close IS NOT NULL
