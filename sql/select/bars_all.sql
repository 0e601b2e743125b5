-- The bars that a view reads: all of them.
SELECT bar.symbol, bar.bar_end, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wick_share, book.delta
FROM bar
LEFT JOIN book ON book.symbol = bar.symbol AND book.bar_end = bar.bar_end
