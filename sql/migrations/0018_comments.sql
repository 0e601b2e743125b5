-- Every column says what it holds. Comments only, and INSTANT: no table is copied.
ALTER TABLE instrument
    MODIFY bar_minutes INT NOT NULL COMMENT 'length of its bars',
    ALGORITHM = INSTANT;
ALTER TABLE slot
    MODIFY symbol VARCHAR(32) NOT NULL COMMENT 'as in every message key',
    MODIFY session_close DATETIME(6) NULL COMMENT 'UTC; NULL outside every session',
    MODIFY minutes_since_open DOUBLE NULL COMMENT 'bar_end - session_open; NULL outside every session',
    ALGORITHM = INSTANT;
ALTER TABLE bar
    MODIFY symbol VARCHAR(32) NOT NULL COMMENT 'as in every message key',
    MODIFY high DOUBLE NOT NULL COMMENT 'quote currency',
    MODIFY low DOUBLE NOT NULL COMMENT 'quote currency',
    MODIFY close DOUBLE NOT NULL COMMENT 'quote currency',
    MODIFY source VARCHAR(64) NOT NULL COMMENT 'which source gave it',
    MODIFY known_at DATETIME(6) NOT NULL COMMENT 'UTC, from when on it could be known by anybody',
    ALGORITHM = INSTANT;
ALTER TABLE book
    MODIFY symbol VARCHAR(32) NOT NULL COMMENT 'as in every message key',
    MODIFY bid_price_0 DOUBLE NULL COMMENT 'quote currency; level 0 of the bids, 0 is the best',
    MODIFY bid_size_0 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_0 DOUBLE NULL COMMENT 'quote currency; level 0 of the asks, 0 is the best',
    MODIFY ask_size_0 DOUBLE NULL COMMENT 'units of the base',
    MODIFY bid_price_1 DOUBLE NULL COMMENT 'quote currency; level 1 of the bids, 0 is the best',
    MODIFY bid_size_1 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_1 DOUBLE NULL COMMENT 'quote currency; level 1 of the asks, 0 is the best',
    MODIFY ask_size_1 DOUBLE NULL COMMENT 'units of the base',
    MODIFY bid_price_2 DOUBLE NULL COMMENT 'quote currency; level 2 of the bids, 0 is the best',
    MODIFY bid_size_2 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_2 DOUBLE NULL COMMENT 'quote currency; level 2 of the asks, 0 is the best',
    MODIFY ask_size_2 DOUBLE NULL COMMENT 'units of the base',
    MODIFY bid_price_3 DOUBLE NULL COMMENT 'quote currency; level 3 of the bids, 0 is the best',
    MODIFY bid_size_3 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_3 DOUBLE NULL COMMENT 'quote currency; level 3 of the asks, 0 is the best',
    MODIFY ask_size_3 DOUBLE NULL COMMENT 'units of the base',
    MODIFY bid_price_4 DOUBLE NULL COMMENT 'quote currency; level 4 of the bids, 0 is the best',
    MODIFY bid_size_4 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_4 DOUBLE NULL COMMENT 'quote currency; level 4 of the asks, 0 is the best',
    MODIFY ask_size_4 DOUBLE NULL COMMENT 'units of the base',
    MODIFY bid_price_5 DOUBLE NULL COMMENT 'quote currency; level 5 of the bids, 0 is the best',
    MODIFY bid_size_5 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_5 DOUBLE NULL COMMENT 'quote currency; level 5 of the asks, 0 is the best',
    MODIFY ask_size_5 DOUBLE NULL COMMENT 'units of the base',
    MODIFY bid_price_6 DOUBLE NULL COMMENT 'quote currency; level 6 of the bids, 0 is the best',
    MODIFY bid_size_6 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_6 DOUBLE NULL COMMENT 'quote currency; level 6 of the asks, 0 is the best',
    MODIFY ask_size_6 DOUBLE NULL COMMENT 'units of the base',
    MODIFY bid_price_7 DOUBLE NULL COMMENT 'quote currency; level 7 of the bids, 0 is the best',
    MODIFY bid_size_7 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_7 DOUBLE NULL COMMENT 'quote currency; level 7 of the asks, 0 is the best',
    MODIFY ask_size_7 DOUBLE NULL COMMENT 'units of the base',
    MODIFY bid_price_8 DOUBLE NULL COMMENT 'quote currency; level 8 of the bids, 0 is the best',
    MODIFY bid_size_8 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_8 DOUBLE NULL COMMENT 'quote currency; level 8 of the asks, 0 is the best',
    MODIFY ask_size_8 DOUBLE NULL COMMENT 'units of the base',
    MODIFY bid_price_9 DOUBLE NULL COMMENT 'quote currency; level 9 of the bids, 0 is the best',
    MODIFY bid_size_9 DOUBLE NULL COMMENT 'units of the base',
    MODIFY ask_price_9 DOUBLE NULL COMMENT 'quote currency; level 9 of the asks, 0 is the best',
    MODIFY ask_size_9 DOUBLE NULL COMMENT 'units of the base',
    MODIFY source VARCHAR(64) NOT NULL COMMENT 'which source gave it',
    MODIFY source_time DATETIME(6) NOT NULL COMMENT 'the source''s own label',
    MODIFY known_at DATETIME(6) NOT NULL COMMENT 'UTC, from when on it could be known by anybody',
    ALGORITHM = INSTANT;
ALTER TABLE vix
    MODIFY id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'what a refresh joins by',
    MODIFY as_of DATETIME(6) NOT NULL COMMENT 'the day whose close it is',
    MODIFY known_at DATETIME(6) NOT NULL COMMENT 'UTC, from when on it could be known by anybody; joins are by it',
    MODIFY source VARCHAR(64) NOT NULL COMMENT 'which source gave it',
    MODIFY source_time DATETIME(6) NOT NULL COMMENT 'the source''s own label',
    MODIFY received_at DATETIME(6) NOT NULL COMMENT 'UTC, when the pipeline got it; the newest of one key wins',
    ALGORITHM = INSTANT;
ALTER TABLE cot_report
    MODIFY id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'what a refresh joins by',
    MODIFY trader_group VARCHAR(32) NOT NULL COMMENT 'such as asset_manager or managed_money',
    MODIFY as_of DATETIME(6) NOT NULL COMMENT 'the Tuesday whose positions these are',
    MODIFY known_at DATETIME(6) NOT NULL COMMENT 'UTC, from when on it could be known by anybody; joins are by it',
    MODIFY long_change DOUBLE NULL COMMENT 'contracts, against the week before',
    MODIFY short_change DOUBLE NULL COMMENT 'contracts, against the week before',
    MODIFY source VARCHAR(64) NOT NULL COMMENT 'which source gave it',
    MODIFY source_time DATETIME(6) NOT NULL COMMENT 'the source''s own label',
    MODIFY received_at DATETIME(6) NOT NULL COMMENT 'UTC, when the pipeline got it; the newest of one key wins',
    ALGORITHM = INSTANT;
ALTER TABLE economic_release
    MODIFY id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'what a refresh joins by',
    MODIFY country VARCHAR(64) NOT NULL COMMENT 'whose event it is',
    MODIFY event VARCHAR(64) NOT NULL COMMENT 'its name in the settings',
    MODIFY released_at DATETIME(6) NOT NULL COMMENT 'UTC, the time of its release in the calendar',
    MODIFY known_at DATETIME(6) NOT NULL COMMENT 'UTC, from when on it could be known by anybody; joins are by it',
    MODIFY actual DOUBLE NULL COMMENT 'in `unit`; NULL: a forecast, nothing is released yet',
    MODIFY forecast DOUBLE NULL COMMENT 'in `unit`',
    MODIFY previous DOUBLE NULL COMMENT 'in `unit`, of the release before',
    MODIFY unit VARCHAR(16) NULL COMMENT '% or whole units',
    MODIFY source VARCHAR(64) NOT NULL COMMENT 'which source gave it',
    MODIFY source_time DATETIME(6) NOT NULL COMMENT 'the source''s own label',
    MODIFY received_at DATETIME(6) NOT NULL COMMENT 'UTC, when the pipeline got it; the newest of one key wins',
    ALGORITHM = INSTANT;
ALTER TABLE feature
    MODIFY symbol VARCHAR(32) NOT NULL COMMENT 'as in every message key',
    ALGORITHM = INSTANT;
ALTER TABLE model
    MODIFY onnx LONGBLOB NOT NULL COMMENT 'the model''s bytes, with its normalisation inside',
    MODIFY status ENUM('challenger', 'champion', 'retired') NOT NULL COMMENT 'the champion is what predicts',
    MODIFY version VARCHAR(64) NOT NULL COMMENT 'its name, made when it was trained',
    MODIFY metrics JSON NOT NULL COMMENT 'scores on the test fold, and what they are compared with',
    MODIFY trained_from DATETIME(6) NOT NULL COMMENT 'first bar_end of the training fold',
    MODIFY created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'UTC',
    MODIFY promoted_at DATETIME(6) NULL COMMENT 'UTC; NULL: never champion',
    ALGORITHM = INSTANT;
ALTER TABLE prediction
    MODIFY symbol VARCHAR(32) NOT NULL COMMENT 'as in every message key',
    MODIFY model_version VARCHAR(64) NOT NULL COMMENT 'which row of `model` said so',
    MODIFY up1 DOUBLE NOT NULL COMMENT 'probability of a close 1.5 ATR above on the 8th bar'
        CHECK (up1 BETWEEN 0 AND 1),
    MODIFY up2 DOUBLE NOT NULL COMMENT 'probability of a close 3 ATR above on the 15th bar'
        CHECK (up2 BETWEEN 0 AND 1),
    MODIFY down1 DOUBLE NOT NULL COMMENT 'probability of a close 1.5 ATR below on the 8th bar'
        CHECK (down1 BETWEEN 0 AND 1),
    MODIFY down2 DOUBLE NOT NULL COMMENT 'probability of a close 3 ATR below on the 15th bar'
        CHECK (down2 BETWEEN 0 AND 1),
    MODIFY feature_hash CHAR(16) NOT NULL COMMENT 'the catalogue of its inputs',
    ALGORITHM = INSTANT;
ALTER TABLE stream_heartbeat
    MODIFY stream VARCHAR(32) NOT NULL COMMENT 'which stream',
    MODIFY batch_id BIGINT NOT NULL COMMENT 'Spark''s, of the last batch; -1 before the first',
    ALGORITHM = INSTANT;
ALTER TABLE target
    MODIFY symbol VARCHAR(32) NOT NULL COMMENT 'as in every message key',
    ALGORITHM = INSTANT;
