-- Id of the last report of one trader group known at bar_end: Tuesday's positions exist from Friday 15:30 New York on.
SELECT known.id FROM cot_report known
WHERE known.contract = n.cot_contract AND known.trader_group = '{group}' AND known.known_at <= i.bar_end{bound}
ORDER BY known.known_at DESC, known.as_of DESC LIMIT 1
