-- As-of joins look for the newest period among the reports known by then, so that a correction of an older period hides no
-- newer one: an index in that order for each slow feed. by_known stays for "what became known between two times".
ALTER TABLE vix ADD KEY IF NOT EXISTS by_as_of (as_of, known_at);
ALTER TABLE cot_report ADD KEY IF NOT EXISTS by_as_of (contract, trader_group, as_of, known_at);
ALTER TABLE economic_release ADD KEY IF NOT EXISTS by_as_of (event, released_at, known_at);
