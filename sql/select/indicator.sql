-- Indicators by window functions, one row a bar; {bars} is bars_all.sql or bars_refreshed.sql.
-- A value is NULL until its window is full: a partial window is never passed off as a full one.
-- Sums are of exact decimals: MariaDB slides a window's sum along, and a sum of doubles keeps the rounding of all that
-- passed through it; exact, it is the same whichever bars came before. indicator_of_one.sql has the same definitions.
-- True range and ATR: Wilder 1978, here the simple mean of true ranges; the first bar has no true range.
-- Bollinger bands use the population deviation, as Bollinger's own definition and TA-Lib do.
WITH bars AS (
{bars}
),
ranges AS (
    SELECT bars.*,
           LAG(close, 1) OVER by_time AS close_1,
           LAG(close, 3) OVER by_time AS close_3,
           LAG(close, 12) OVER by_time AS close_12,
           GREATEST(high, LAG(close, 1) OVER by_time) - LEAST(low, LAG(close, 1) OVER by_time) AS true_range
    FROM bars
    WINDOW by_time AS (PARTITION BY symbol ORDER BY bar_end)
),
windows AS (
    SELECT ranges.*,
           CASE WHEN COUNT(volume) OVER volume_fast = {volume_fast}
                THEN CAST(SUM(CAST(volume AS DECIMAL(65, 30))) OVER volume_fast AS DOUBLE) / {volume_fast} END
               AS volume_ma_fast,
           CASE WHEN COUNT(volume) OVER volume_slow = {volume_slow}
                THEN CAST(SUM(CAST(volume AS DECIMAL(65, 30))) OVER volume_slow AS DOUBLE) / {volume_slow} END
               AS volume_ma_slow,
           CASE WHEN COUNT(close) OVER price = {price}
                THEN CAST(SUM(CAST(close AS DECIMAL(65, 30))) OVER price AS DOUBLE) / {price} END AS price_ma,
           CASE WHEN COUNT(close) OVER price = {price} THEN STDDEV_POP(close) OVER price END AS price_deviation,
           CASE WHEN COUNT(delta) OVER delta_window = {delta}
                THEN CAST(SUM(CAST(delta AS DECIMAL(65, 30))) OVER delta_window AS DOUBLE) / {delta} END AS delta_ma,
           CASE WHEN COUNT(close) OVER stochastic = {stochastic}
                THEN 100 * (close - MIN(low) OVER stochastic)
                     / NULLIF(MAX(high) OVER stochastic - MIN(low) OVER stochastic, 0) END AS stochastic_k,
           CASE WHEN COUNT(true_range) OVER atr_window = {atr}
                THEN SUM(CAST(true_range AS DECIMAL(65, 30))) OVER atr_window END AS true_ranges
    FROM ranges
    WINDOW volume_fast AS (PARTITION BY symbol ORDER BY bar_end ROWS {volume_fast_before} PRECEDING),
           volume_slow AS (PARTITION BY symbol ORDER BY bar_end ROWS {volume_slow_before} PRECEDING),
           price AS (PARTITION BY symbol ORDER BY bar_end ROWS {price_before} PRECEDING),
           delta_window AS (PARTITION BY symbol ORDER BY bar_end ROWS {delta_before} PRECEDING),
           stochastic AS (PARTITION BY symbol ORDER BY bar_end ROWS {stochastic_before} PRECEDING),
           atr_window AS (PARTITION BY symbol ORDER BY bar_end ROWS {atr_before} PRECEDING)
)
SELECT symbol, bar_end, open, high, low, close, volume, wick_share, close_1, close_3, close_12, true_range,
       volume_ma_fast, volume_ma_slow, price_ma, delta_ma,
       price_ma + {bollinger_width} * price_deviation AS bollinger_upper,
       price_ma - {bollinger_width} * price_deviation AS bollinger_lower,
       stochastic_k,
       CASE WHEN COUNT(stochastic_k) OVER smoothing = {smoothing}
            THEN CAST(SUM(CAST(stochastic_k AS DECIMAL(65, 30))) OVER smoothing AS DOUBLE) / {smoothing} END AS stochastic_d,
       CAST(true_ranges AS DOUBLE) / {atr} AS atr,
       CASE WHEN COUNT(true_ranges) OVER atr_mean_window = {atr_mean}
            THEN CAST(SUM(true_ranges) OVER atr_mean_window AS DOUBLE) / {atr} / {atr_mean} END AS atr_mean,
       close - close_1 AS price_change
FROM windows
WINDOW smoothing AS (PARTITION BY symbol ORDER BY bar_end ROWS {smoothing_before} PRECEDING),
       atr_mean_window AS (PARTITION BY symbol ORDER BY bar_end ROWS {atr_mean_before} PRECEDING)
