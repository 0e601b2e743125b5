-- When each forecast and each previous figure was given, by the message that gave it: a source that has neither (FRED, of
-- the same release) no longer takes away what another one gave. Writers wait while the table, a small one, is filled.
ALTER TABLE economic_release
    ADD COLUMN IF NOT EXISTS forecast_at DATETIME(6) NULL COMMENT 'UTC, received_at of the message that gave `forecast`',
    ADD COLUMN IF NOT EXISTS previous_at DATETIME(6) NULL COMMENT 'UTC, received_at of the message that gave `previous`';
UPDATE economic_release
SET forecast_at = COALESCE(forecast_at, IF(forecast IS NULL, NULL, received_at)),
    previous_at = COALESCE(previous_at, IF(previous IS NULL, NULL, received_at));
