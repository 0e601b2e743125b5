-- What downstream tools read: probabilities that the close moves beyond 1.5 (up1, down1, 8th bar) or 3 ATR (up2, down2,
-- 15th bar). One row a bar and model, however often anything is killed or redelivered.
CREATE TABLE IF NOT EXISTS prediction (
    symbol        VARCHAR(32) NOT NULL,
    bar_end       DATETIME(6) NOT NULL COMMENT 'UTC, the last bar of the input window',
    model_version VARCHAR(64) NOT NULL,
    up1           DOUBLE NOT NULL CHECK (up1 BETWEEN 0 AND 1),
    up2           DOUBLE NOT NULL CHECK (up2 BETWEEN 0 AND 1),
    down1         DOUBLE NOT NULL CHECK (down1 BETWEEN 0 AND 1),
    down2         DOUBLE NOT NULL CHECK (down2 BETWEEN 0 AND 1),
    window_hash   CHAR(64) NOT NULL COMMENT 'sha256 of the input window, recomputed by the audit',
    feature_hash  CHAR(16) NOT NULL,
    created_at    DATETIME(6) NOT NULL COMMENT 'UTC, just before the commit',
    PRIMARY KEY (symbol, bar_end, model_version),
    KEY by_created (created_at)
) ENGINE = InnoDB COMMENT 'predictions';
