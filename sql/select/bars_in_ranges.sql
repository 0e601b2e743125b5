-- The bars that a refresh reads: those of the ranges in the temporary table refresh_range, each with its lookback, so
-- that the cost does not grow with the table. The two times span all ranges: as constants they leave out the partitions
-- that no range reaches.
SELECT STRAIGHT_JOIN bar.symbol, refresh_range.range_id, bar.bar_end, bar.open, bar.high, bar.low, bar.close, bar.volume,
       bar.wick_share, book.delta
FROM refresh_range
JOIN bar ON bar.symbol = refresh_range.symbol
        AND bar.bar_end BETWEEN refresh_range.source_from AND refresh_range.refresh_to
        AND bar.bar_end BETWEEN %(source_from)s AND %(refresh_to)s
LEFT JOIN book ON book.symbol = bar.symbol AND book.bar_end = bar.bar_end
     AND book.bar_end BETWEEN %(source_from)s AND %(refresh_to)s
