-- Closed bars, one row a symbol and bar_end.
CREATE TABLE IF NOT EXISTS bar (
    symbol      VARCHAR(32) NOT NULL,
    bar_end     DATETIME(6) NOT NULL COMMENT 'UTC, exclusive end of the bar',
    open        DOUBLE NOT NULL COMMENT 'quote currency',
    high        DOUBLE NOT NULL,
    low         DOUBLE NOT NULL,
    close       DOUBLE NOT NULL,
    volume      DOUBLE NULL COMMENT 'units of the base; NULL where the source has none',
    wick_share  DOUBLE NULL COMMENT '1 - |close - open| / (high - low); NULL for a flat bar',
    source      VARCHAR(64) NOT NULL,
    source_time DATETIME(6) NOT NULL COMMENT 'the source''s own label',
    known_at    DATETIME(6) NOT NULL,
    received_at DATETIME(6) NOT NULL COMMENT 'the newest of one key wins',
    PRIMARY KEY (symbol, bar_end)
) ENGINE = InnoDB COMMENT 'closed bars';
