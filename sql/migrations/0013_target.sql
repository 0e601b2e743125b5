-- The four labels of each feature row, as far as they are known; the streaming job renews them with the rows that they
-- look at. market.migrate fills an empty table from v_label; the public contract is v_target.
CREATE TABLE IF NOT EXISTS target (
    symbol  VARCHAR(32) NOT NULL,
    bar_end DATETIME(6) NOT NULL COMMENT 'UTC, the bar from which the move is measured',
    up1     TINYINT NULL COMMENT '1: close of the first horizon (8 slots on) at least 1.5 ATR above; NULL: no label (yet)',
    up2     TINYINT NULL COMMENT '1: close of the second horizon (15 slots on) at least 3 ATR above',
    down1   TINYINT NULL COMMENT '1: close of the first horizon at least 1.5 ATR below',
    down2   TINYINT NULL COMMENT '1: close of the second horizon at least 3 ATR below',
    PRIMARY KEY (symbol, bar_end)
) ENGINE = InnoDB COMMENT 'labels by bar';
