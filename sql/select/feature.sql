-- One row a closed slot that has a bar: every feature of the catalogue, joined by what was known at bar_end.
-- {indicator} is indicator.sql or indicator_of_one.sql; {rows} limits a refresh to its rows and is empty in the view;
-- {columns} and {as_of} come from the catalogue (market/features.py, market/feature_sql.py). The view joins the slow feeds
-- by as_of_*.sql; a refresh by the rows that known.sql found with the same as_of_*.sql.
SELECT STRAIGHT_JOIN
       i.symbol, i.bar_end,
{columns}
FROM (
{indicator}
) i
JOIN slot s ON s.symbol = i.symbol AND s.bar_end = i.bar_end AND s.closed_at IS NOT NULL{rows}
LEFT JOIN instrument n ON n.symbol = i.symbol
LEFT JOIN book b ON b.symbol = i.symbol AND b.bar_end = i.bar_end{book_bound}
{as_of}
