-- The last VIX close known at bar_end, and the one before it that was known then too.
LEFT JOIN vix v ON v.id = (
    SELECT known.id FROM vix known WHERE known.known_at <= i.bar_end ORDER BY known.known_at DESC, known.as_of DESC LIMIT 1)
LEFT JOIN vix v0 ON v0.id = (
    SELECT known.id FROM vix known WHERE known.known_at <= i.bar_end AND known.as_of < v.as_of
    ORDER BY known.known_at DESC, known.as_of DESC LIMIT 1)
