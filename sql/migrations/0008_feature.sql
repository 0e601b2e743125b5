-- The one table that training and serving read. Its feature columns come from the catalogue (market.migrate adds the
-- missing ones); readers may join it, but the public contract is v_feature.
CREATE TABLE IF NOT EXISTS feature (
    symbol      VARCHAR(32) NOT NULL,
    bar_end     DATETIME(6) NOT NULL COMMENT 'UTC; all that the row holds was knowable then',
    row_version BIGINT UNSIGNED NOT NULL DEFAULT (UUID_SHORT())
        COMMENT 'another value after every refresh: a reader''s cached row is current while it is equal',
    PRIMARY KEY (symbol, bar_end)
) ENGINE = InnoDB COMMENT 'model input rows';
