-- How far the stream has read, so that everybody can tell what still waits for it: a batch that hangs (its heartbeat does
-- not), a history that was published again, of which the tables hold all keys already.
ALTER TABLE stream_heartbeat
    ADD COLUMN IF NOT EXISTS offsets TEXT NULL COMMENT 'JSON {topic: {partition: next offset}}, after the last batch that is done';
