-- One row a calendar slot and symbol, written when its fetches are over. A missing bar is a row here, never a made-up bar.
CREATE TABLE IF NOT EXISTS slot (
    symbol             VARCHAR(32) NOT NULL,
    bar_end            DATETIME(6) NOT NULL COMMENT 'UTC, exclusive end of the bar',
    closed_at          DATETIME(6) NULL COMMENT 'when the slot was declared closed',
    live               BOOLEAN NOT NULL COMMENT 'false: a past slot, features only',
    session_open       DATETIME(6) NULL COMMENT 'UTC; NULL outside every session',
    session_close      DATETIME(6) NULL,
    closure_at         DATETIME(6) NULL COMMENT 'end of the contiguous trading time',
    weekday            TINYINT NOT NULL COMMENT '0 Monday, on the exchange''s clock',
    week_of_month      TINYINT NOT NULL COMMENT '1 + (day - 1) div 7',
    hour               TINYINT NOT NULL COMMENT '0-23, on the exchange''s clock',
    session_start      TINYINT NULL COMMENT '1 within two hours of the open',
    minutes_since_open DOUBLE NULL,
    ready_at           DATETIME(6) NULL COMMENT 'when its readiness event was confirmed; NULL: none was sent',
    PRIMARY KEY (symbol, bar_end)
) ENGINE = InnoDB COMMENT 'calendar slots and their state';
