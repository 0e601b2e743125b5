-- Public: every label recomputed from the slots and `feature`; the table `target` must equal it.
-- Select: sql/labels/target.sql.
CREATE OR REPLACE VIEW v_label AS
{target}
