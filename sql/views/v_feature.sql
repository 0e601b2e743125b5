-- Public: every feature recomputed from the base tables; the `feature` table must equal it. Select: sql/select/feature.sql.
CREATE OR REPLACE VIEW v_feature AS
{feature}
