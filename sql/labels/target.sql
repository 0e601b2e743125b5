-- The four labels of each feature row; {slots} is slots_all.sql or slots_refreshed.sql. Horizons count closed slots, so a
-- missing bar does not stretch them; a label is NULL while its horizon is not over, when the bar there is missing, when
-- there is no ATR or nothing moved (0), and (unless the setting targets.across_closure) when the horizon leaves the
-- contiguous trading time: an overnight gap makes no label. close and atr are those of `feature`, so that a label fits the
-- row it belongs to.
WITH slots AS (
{slots}
),
horizons AS (
    SELECT slots.*,
           LEAD(close, {near}) OVER by_time AS close_near, LEAD(closure_at, {near}) OVER by_time AS closure_near,
           LEAD(close, {far}) OVER by_time AS close_far, LEAD(closure_at, {far}) OVER by_time AS closure_far
    FROM slots
    WINDOW by_time AS (PARTITION BY symbol ORDER BY bar_end)
)
SELECT symbol, bar_end,
       CASE WHEN {across} OR closure_near = closure_at THEN close_near >= close + {near_atr} * atr END AS up1,
       CASE WHEN {across} OR closure_far = closure_at THEN close_far >= close + {far_atr} * atr END AS up2,
       CASE WHEN {across} OR closure_near = closure_at THEN close_near <= close - {near_atr} * atr END AS down1,
       CASE WHEN {across} OR closure_far = closure_at THEN close_far <= close - {far_atr} * atr END AS down2
FROM horizons
WHERE close IS NOT NULL AND is_asked
