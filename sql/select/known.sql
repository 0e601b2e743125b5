-- What was known at one time, the refresh's first bar: one row a contract of the refreshed symbols, with the ids of the
-- slow reports in force then. {ids} are as_of_*.sql, the same text as in the view, with that time as a constant {bound}:
-- MariaDB then begins its search there and not at the newest report of all. {vix} joins the last close v.
SELECT STRAIGHT_JOIN n.contract{ids}
FROM (SELECT CAST(%(refresh_from)s AS DATETIME(6)) AS bar_end) i
JOIN (
    SELECT DISTINCT COALESCE(instrument.cot_contract, '') AS contract, instrument.cot_contract
    FROM refresh_range
    LEFT JOIN instrument ON instrument.symbol = refresh_range.symbol
) n
{vix}
