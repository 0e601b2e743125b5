-- Commitments of traders: positions as of Tuesday, known from Friday 15:30 New York on.
CREATE TABLE IF NOT EXISTS cot_report (
    id            BIGINT NOT NULL AUTO_INCREMENT,
    contract      VARCHAR(16) NOT NULL COMMENT 'CFTC contract market code',
    trader_group  VARCHAR(32) NOT NULL,
    as_of         DATETIME(6) NOT NULL,
    known_at      DATETIME(6) NOT NULL,
    `long`        DOUBLE NOT NULL COMMENT 'contracts',
    `short`       DOUBLE NOT NULL COMMENT 'contracts',
    long_change   DOUBLE NULL,
    short_change  DOUBLE NULL,
    long_oi_pct   DOUBLE NULL COMMENT 'percent of open interest',
    short_oi_pct  DOUBLE NULL COMMENT 'percent of open interest',
    source        VARCHAR(64) NOT NULL,
    source_time   DATETIME(6) NOT NULL,
    received_at   DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY by_known (contract, trader_group, known_at, as_of)
) ENGINE = InnoDB COMMENT 'commitments of traders by group';
