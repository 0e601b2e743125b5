-- The slow reports that come into force within a refresh, after its first bar, in their order: the relation's alias in the
-- features, the contract it belongs to ('' is all), since when it may be used, what it describes.
-- {cot_groups} and {events} are those of the settings.
SELECT 'v' AS alias, '' AS contract, GREATEST(known_at, as_of) AS since, as_of, id, known_at
FROM vix
WHERE (known_at > %(refresh_from)s OR as_of > %(refresh_from)s)
  AND known_at <= %(refresh_to)s AND as_of <= %(refresh_to)s
UNION ALL
SELECT CONCAT('cot_', trader_group), contract, GREATEST(known_at, as_of), as_of, id, known_at
FROM cot_report
WHERE contract IN %(contracts)s AND trader_group IN ({cot_groups})
  AND (known_at > %(refresh_from)s OR as_of > %(refresh_from)s)
  AND known_at <= %(refresh_to)s AND as_of <= %(refresh_to)s
UNION ALL
SELECT CONCAT('event_', event), '', GREATEST(known_at, released_at), released_at, id, known_at
FROM economic_release
WHERE event IN ({events}){country} AND actual IS NOT NULL
  AND (known_at > %(refresh_from)s OR released_at > %(refresh_from)s)
  AND known_at <= %(refresh_to)s AND released_at <= %(refresh_to)s
ORDER BY since, known_at
