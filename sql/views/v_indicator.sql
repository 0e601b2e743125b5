-- Public: every indicator of every bar, by window functions over the whole history; select is sql/select/indicator.sql.
-- Windows count bars, also one whose slot nobody closed: a slot whose bar never came neither widens nor empties them, and
-- a change goes from the last bar that came to the next. Horizons of the labels count slots instead: sql/labels/target.sql.
CREATE OR REPLACE VIEW v_indicator AS
{indicator}
