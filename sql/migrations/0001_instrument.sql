-- What is traded: the settings' instruments, so that joins in SQL know each symbol's contract. Filled by market.migrate.
CREATE TABLE IF NOT EXISTS instrument (
    symbol       VARCHAR(32) NOT NULL COMMENT 'as in every message key',
    calendar     VARCHAR(32) NOT NULL COMMENT 'exchange_calendars name, or FX',
    bar_minutes  INT NOT NULL,
    cot_contract VARCHAR(16) NULL COMMENT 'CFTC contract market code',
    PRIMARY KEY (symbol)
) ENGINE = InnoDB COMMENT 'one row a traded symbol';
