-- VIX closes: as_of is the day described, known_at the moment of publication. Joins are by known_at.
CREATE TABLE IF NOT EXISTS vix (
    id          BIGINT NOT NULL AUTO_INCREMENT,
    as_of       DATETIME(6) NOT NULL,
    known_at    DATETIME(6) NOT NULL,
    value       DOUBLE NOT NULL COMMENT 'index points',
    source      VARCHAR(64) NOT NULL,
    source_time DATETIME(6) NOT NULL,
    received_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY by_known (known_at, as_of)
) ENGINE = InnoDB COMMENT 'VIX closes, revisions as rows of their own';
