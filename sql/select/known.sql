-- What was known at one time, the refresh's first bar: one row a contract of the refreshed symbols ('' for those without),
-- with the ids of the slow reports in force then. {ids} are as_of_*.sql, the same text as in the view, with that time as a
-- constant {bound}: MariaDB then begins its search there and not at the newest report of all. {vix} joins the last close v.
SELECT STRAIGHT_JOIN n.contract{ids}
FROM (SELECT CAST(%(refresh_from)s AS DATETIME(6)) AS bar_end) i
JOIN (
    SELECT '' AS contract, NULL AS cot_contract
    UNION
    SELECT cot_contract, cot_contract FROM instrument WHERE symbol IN %(symbols)s AND cot_contract <> ''
) n
{vix}
