-- A model is a row: the ONNX bytes with all that a worker needs to trust and to read them.
CREATE TABLE IF NOT EXISTS model (
    version      VARCHAR(64) NOT NULL,
    symbol_set   VARCHAR(64) NOT NULL COMMENT 'which symbols it predicts',
    status       ENUM('challenger', 'champion', 'retired') NOT NULL,
    onnx         LONGBLOB NOT NULL,
    sha256       CHAR(64) NOT NULL COMMENT 'of onnx, checked at every load',
    feature_hash CHAR(16) NOT NULL COMMENT 'the catalogue it was trained on',
    window_size  INT NOT NULL COMMENT 'feature rows a prediction reads',
    thresholds   JSON NOT NULL COMMENT 'decision threshold by target',
    metrics      JSON NOT NULL,
    trained_from DATETIME(6) NOT NULL,
    trained_to   DATETIME(6) NOT NULL COMMENT 'last bar_end of the training fold',
    created_at   DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    promoted_at  DATETIME(6) NULL,
    champion_of  VARCHAR(64) AS (IF(status = 'champion', symbol_set, NULL)) PERSISTENT
        COMMENT 'its unique key keeps one champion a symbol set',
    PRIMARY KEY (version),
    UNIQUE KEY one_champion (champion_of)
) ENGINE = InnoDB COMMENT 'trained models';
