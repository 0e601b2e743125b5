-- Id of the newest VIX close among those known at bar_end.
SELECT known.id FROM vix known FORCE INDEX (by_as_of)
WHERE known.as_of <= i.bar_end AND known.known_at <= i.bar_end{bound}
ORDER BY known.as_of DESC, known.known_at DESC LIMIT 1
