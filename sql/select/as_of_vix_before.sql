-- Id of the last VIX close known at bar_end that describes an earlier day than the last one, v.
SELECT known.id FROM vix known
WHERE known.known_at <= i.bar_end AND known.as_of < v.as_of{bound}
ORDER BY known.known_at DESC, known.as_of DESC LIMIT 1
