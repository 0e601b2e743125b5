-- Released figures of economic events; a revision is a row of its own with its own known_at.
CREATE TABLE IF NOT EXISTS economic_release (
    id          BIGINT NOT NULL AUTO_INCREMENT,
    country     VARCHAR(64) NOT NULL,
    event       VARCHAR(64) NOT NULL,
    importance  TINYINT NULL COMMENT '1 to 3',
    released_at DATETIME(6) NOT NULL,
    known_at    DATETIME(6) NOT NULL,
    actual      DOUBLE NULL,
    forecast    DOUBLE NULL,
    previous    DOUBLE NULL,
    unit        VARCHAR(16) NULL,
    source      VARCHAR(64) NOT NULL,
    source_time DATETIME(6) NOT NULL,
    received_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY by_known (event, known_at, released_at, country)
) ENGINE = InnoDB COMMENT 'economic events';
