-- Id of one trader group's newest report among those known at bar_end: Tuesday's positions exist from Friday 15:30 New York
-- on. Newest is what it describes, then when it was published: a correction of an older week, published later, hides no
-- newer week. The index has this order.
SELECT known.id FROM cot_report known FORCE INDEX (by_as_of)
WHERE known.contract = n.cot_contract AND known.trader_group = '{group}'
  AND known.as_of <= i.bar_end AND known.known_at <= i.bar_end{bound}
ORDER BY known.as_of DESC, known.known_at DESC LIMIT 1
