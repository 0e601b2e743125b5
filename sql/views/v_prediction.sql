-- Public: each prediction with its decisions at the model's thresholds and, once known, what came.
CREATE OR REPLACE VIEW v_prediction AS
SELECT p.symbol, p.bar_end, p.model_version, p.up1, p.up2, p.down1, p.down2,
       p.up1 >= JSON_VALUE(m.thresholds, '$.up1') AS says_up1, p.up2 >= JSON_VALUE(m.thresholds, '$.up2') AS says_up2,
       p.down1 >= JSON_VALUE(m.thresholds, '$.down1') AS says_down1,
       p.down2 >= JSON_VALUE(m.thresholds, '$.down2') AS says_down2,
       t.up1 AS came_up1, t.up2 AS came_up2, t.down1 AS came_down1, t.down2 AS came_down2,
       p.created_at
FROM prediction p
JOIN model m ON m.version = p.model_version
LEFT JOIN v_target t ON t.symbol = p.symbol AND t.bar_end = p.bar_end
