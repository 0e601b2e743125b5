-- One row a stream: is it alive, how far is it.
CREATE TABLE IF NOT EXISTS stream_heartbeat (
    stream     VARCHAR(32) NOT NULL,
    batch_id   BIGINT NOT NULL,
    messages   BIGINT NOT NULL COMMENT 'in the last batch',
    last_bar   DATETIME(6) NULL COMMENT 'newest bar_end of the last batch',
    beat_at    DATETIME(6) NOT NULL COMMENT 'UTC',
    started_at DATETIME(6) NOT NULL COMMENT 'UTC, of this driver',
    PRIMARY KEY (stream)
) ENGINE = InnoDB COMMENT 'liveness of the streaming job';
