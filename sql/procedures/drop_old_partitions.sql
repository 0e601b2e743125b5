-- Drops the partitions that ended longer ago than the setting mariadb.keep_months (unset: none), and the slots of that
-- time with them, which else would look like gaps. How much is kept is written in here by market.migrate, not given by
-- the caller: whoever may call this once a day can drop nothing that the administrator wants kept.
--
-- The slots go first: the partitions are what tells the next call, after one that failed or was killed, that they are due.
-- A symbol's are one range of the key; asked for by their time alone, all slots would be looked through and locked, and a
-- live bar would wait.
CREATE OR REPLACE PROCEDURE drop_old_partitions()
    COMMENT 'drops what is older than the setting mariadb.keep_months'
BEGIN
    DECLARE kept_from DATETIME DEFAULT UTC_DATE() - INTERVAL {keep_months} MONTH;
    DECLARE dropped_until DATETIME;

    SELECT MAX(TRIM(BOTH '''' FROM partition_description)) INTO dropped_until
    FROM information_schema.partitions
    WHERE table_schema = DATABASE() AND partition_name <> 'later'
      AND TRIM(BOTH '''' FROM partition_description) <= kept_from;
    IF dropped_until IS NOT NULL THEN
        FOR one IN (SELECT DISTINCT symbol FROM slot) DO
            DELETE FROM slot WHERE symbol = one.symbol AND bar_end < dropped_until;
            COMMIT;
        END FOR;
        FOR old IN (
            SELECT table_name, GROUP_CONCAT(partition_name) AS names
            FROM information_schema.partitions
            WHERE table_schema = DATABASE() AND partition_name <> 'later'
              AND TRIM(BOTH '''' FROM partition_description) <= dropped_until
            GROUP BY table_name
        ) DO
            EXECUTE IMMEDIATE CONCAT('ALTER TABLE `', old.table_name, '` DROP PARTITION ', old.names);
        END FOR;
    END IF;
END
