-- The indicators of one bar a symbol, that of refresh_to, as every live bar needs them: the definitions of indicator.sql
-- as conditional sums over numbered bars, which is a third of the windows' work. n counts back from the bar, which is 1.
-- {bars} is bars_refreshed.sql; {stochastic_ranges}, {stochastic_k} and {stochastic_d} are of as many bars as the
-- stochastic is smoothed over. A mean of ATRs is a weighted mean of true ranges: {atr_mean_weight} is how many of its ATRs
-- the n-th one is part of. The numbered rows are many, so they hold little; what only the bar itself needs comes from it at
-- the end.
SELECT bar.symbol, bar.bar_end, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wick_share,
       close_1, close_3, close_12,
       CASE WHEN volumes_fast = {volume_fast} THEN CAST(volume_fast AS DOUBLE) / {volume_fast} END AS volume_ma_fast,
       CASE WHEN volumes_slow = {volume_slow} THEN CAST(volume_slow AS DOUBLE) / {volume_slow} END AS volume_ma_slow,
       CASE WHEN bars >= {price} THEN CAST(price AS DOUBLE) / {price} END AS price_ma,
       CASE WHEN deltas = {delta} THEN CAST(delta AS DOUBLE) / {delta} END AS delta_ma,
       CASE WHEN bars >= {price} THEN CAST(price AS DOUBLE) / {price} + {bollinger_width} * price_deviation END
           AS bollinger_upper,
       CASE WHEN bars >= {price} THEN CAST(price AS DOUBLE) / {price} - {bollinger_width} * price_deviation END
           AS bollinger_lower,
       {stochastic_k} AS stochastic_k,
       CAST({stochastic_d} AS DOUBLE) / {smoothing} AS stochastic_d,
       CASE WHEN bars > {atr} THEN CAST(true_ranges AS DOUBLE) / {atr} END AS atr,
       CASE WHEN bars > {atr_mean_true_ranges} THEN CAST(weighted_true_ranges AS DOUBLE) / {atr} / {atr_mean} END
           AS atr_mean,
       bar.close - close_1 AS price_change
FROM (
    SELECT symbol, MAX(bar_end) AS bar_end, COUNT(*) AS bars,
           MAX(CASE WHEN n = 2 THEN close END) AS close_1, MAX(CASE WHEN n = 4 THEN close END) AS close_3,
           MAX(CASE WHEN n = 13 THEN close END) AS close_12,
           COUNT(CASE WHEN n <= {volume_fast} THEN volume END) AS volumes_fast,
           SUM(CASE WHEN n <= {volume_fast} THEN CAST(volume AS DECIMAL(65, 30)) END) AS volume_fast,
           COUNT(CASE WHEN n <= {volume_slow} THEN volume END) AS volumes_slow,
           SUM(CASE WHEN n <= {volume_slow} THEN CAST(volume AS DECIMAL(65, 30)) END) AS volume_slow,
           SUM(CASE WHEN n <= {price} THEN CAST(close AS DECIMAL(65, 30)) END) AS price,
           STDDEV_POP(CASE WHEN n <= {price} THEN close END) AS price_deviation,
           COUNT(CASE WHEN n <= {delta} THEN delta END) AS deltas,
           SUM(CASE WHEN n <= {delta} THEN CAST(delta AS DECIMAL(65, 30)) END) AS delta,
           {stochastic_ranges},
           SUM(CASE WHEN n <= {atr} THEN CAST(true_range AS DECIMAL(65, 30)) END) AS true_ranges,
           SUM(CASE WHEN n <= {atr_mean_true_ranges} THEN CAST(true_range AS DECIMAL(65, 30)) * {atr_mean_weight} END)
               AS weighted_true_ranges
    FROM (
        SELECT symbol, bar_end, low, high, close, volume, delta, ROW_NUMBER() OVER back AS n,
               GREATEST(high, LEAD(close) OVER back) - LEAST(low, LEAD(close) OVER back) AS true_range
        FROM (
{bars}
        ) bars
        WINDOW back AS (PARTITION BY symbol ORDER BY bar_end DESC)
    ) numbered
    GROUP BY symbol
) sums
JOIN bar ON bar.symbol = sums.symbol AND bar.bar_end = sums.bar_end AND bar.bar_end = %(refresh_to)s
