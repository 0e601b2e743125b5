-- Fills the temporary table known_bar: each refreshed bar_end with its moment, the number of times up to it at which the
-- temporary table `known` changes. It stays empty where nothing changes: a bar without a row is of moment 0.
-- A running sum, because MariaDB computes a running maximum anew for each row.
INSERT INTO known_bar (bar_end, moment)
SELECT at, moment
FROM (
    SELECT at, is_bar, SUM(NOT is_bar) OVER (ORDER BY at, is_bar ROWS UNBOUNDED PRECEDING) AS moment
    FROM (
        SELECT DISTINCT bar_end AS at, TRUE AS is_bar
        FROM bar
        WHERE symbol IN %(symbols)s AND bar_end BETWEEN %(refresh_from)s AND %(refresh_to)s
        UNION ALL
        SELECT DISTINCT since, FALSE FROM known WHERE moment > 0
    ) times
) numbered
WHERE is_bar
