-- The slow reports that became known within a refresh, after its first bar, in the order in which they come into force:
-- the relation's alias in the features, the contract it belongs to ('' is all), and what orders it.
-- {cot_groups} and {events} are those of the settings.
SELECT 'v' AS alias, '' AS contract, known_at, as_of, id
FROM vix
WHERE known_at > %(refresh_from)s AND known_at <= %(refresh_to)s
UNION ALL
SELECT CONCAT('cot_', trader_group), contract, known_at, as_of, id
FROM cot_report
WHERE contract IN %(contracts)s AND trader_group IN ({cot_groups})
  AND known_at > %(refresh_from)s AND known_at <= %(refresh_to)s
UNION ALL
SELECT CONCAT('event_', event), '', known_at, released_at, id
FROM economic_release
WHERE event IN ({events}){country} AND actual IS NOT NULL
  AND known_at > %(refresh_from)s AND known_at <= %(refresh_to)s
ORDER BY known_at, as_of
