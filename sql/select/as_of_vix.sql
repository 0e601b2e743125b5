-- Id of the last VIX close known at bar_end.
SELECT known.id FROM vix known
WHERE known.known_at <= i.bar_end{bound} ORDER BY known.known_at DESC, known.as_of DESC LIMIT 1
