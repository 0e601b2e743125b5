-- The last release of one event known at bar_end; a revision is a row of its own, known later.
LEFT JOIN economic_release event_{event} ON event_{event}.id = (
    SELECT known.id FROM economic_release known
    WHERE known.event = '{event}' AND known.known_at <= i.bar_end
    ORDER BY known.known_at DESC, known.released_at DESC LIMIT 1)
