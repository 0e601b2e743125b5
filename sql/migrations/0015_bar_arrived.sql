-- When each bar was first here, which a correction does not move: what came in time is predicted however late it is
-- corrected. Copies the table while writers wait; for a bar that was corrected before, the correction's time is all that
-- is left.
ALTER TABLE bar
    ADD COLUMN IF NOT EXISTS arrived_at DATETIME(6) NOT NULL DEFAULT (GREATEST(known_at, received_at))
        COMMENT 'known and received, by the first of its messages that was; a correction leaves it';
