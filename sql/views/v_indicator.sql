-- Public: every indicator of every bar, by window functions over the whole history; select is sql/select/indicator.sql.
CREATE OR REPLACE VIEW v_indicator AS
{indicator}
