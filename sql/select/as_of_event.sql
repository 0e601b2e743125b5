-- Id of the newest release of one event among those known at bar_end; a revision is a row of its own, known later. A row
-- without a figure is a forecast: nothing is released yet, so the release before it still counts. {country} narrows it to
-- one country's.
SELECT known.id FROM economic_release known FORCE INDEX (by_as_of)
WHERE known.event = '{event}'{country} AND known.actual IS NOT NULL
  AND known.released_at <= i.bar_end AND known.known_at <= i.bar_end{bound}
ORDER BY known.released_at DESC, known.known_at DESC LIMIT 1
