-- Public: the four labels of each feature row, from the table that the streaming job keeps; what a label is and when
-- there is none stands in sql/labels/target.sql.
CREATE OR REPLACE VIEW v_target AS
SELECT t.symbol, t.bar_end, f.close, f.atr, t.up1, t.up2, t.down1, t.down2
FROM target t
JOIN feature f ON f.symbol = t.symbol AND f.bar_end = t.bar_end
