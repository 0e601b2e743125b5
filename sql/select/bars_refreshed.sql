-- The bars that a refresh reads: those of its symbols from the first that its windows need to the last that it rewrites.
-- Constants, so that the cost does not grow with the table: MariaDB reads one range a symbol and opens only the partitions
-- of that time. Only the last rows need a book, from delta_from on.
SELECT bar.symbol, bar.bar_end, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wick_share, book.delta
FROM bar
LEFT JOIN book ON book.symbol = bar.symbol AND book.bar_end = IF(bar.bar_end >= %(delta_from)s, bar.bar_end, NULL)
     AND book.bar_end BETWEEN %(delta_from)s AND %(refresh_to)s
WHERE bar.symbol IN %(symbols)s AND bar.bar_end BETWEEN %(source_from)s AND %(refresh_to)s
