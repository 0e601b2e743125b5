-- Id of the newest VIX close known at bar_end that describes an earlier day than v.
SELECT known.id FROM vix known FORCE INDEX (by_as_of)
WHERE known.as_of < v.as_of AND known.known_at <= i.bar_end{bound}
ORDER BY known.as_of DESC, known.known_at DESC LIMIT 1
