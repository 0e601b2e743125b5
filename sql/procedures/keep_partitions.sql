-- Keeps the partitions of every table that has one named `later`: one a year up to the last one that is over, one a month
-- from then on, `months_ahead` of them beyond this month. `later` takes what is newer still, so that no row is ever
-- refused; when its months come, they are split off it with whatever they hold. A year of which there are months already
-- stays in months to its end, however long nobody called this: a year's partition begins in January. With `months_kept`
-- (NULL: all is kept), partitions that ended longer ago are dropped, and the slots of that time with them, which else
-- would look like gaps.
--
-- A partition a month for 25 years would be 300 of them, and each statement pays for all those that it opens.
CREATE OR REPLACE PROCEDURE keep_partitions(IN months_ahead INT, IN months_kept INT)
    COMMENT 'splits partitions off `later` and drops old ones'
BEGIN
    DECLARE first_year DATE DEFAULT '1998-01-01';
    DECLARE this_year DATE DEFAULT MAKEDATE(YEAR(UTC_DATE()), 1);
    DECLARE kept_from DATETIME DEFAULT UTC_DATE() - INTERVAL months_kept MONTH;
    DECLARE dropped_until DATETIME;
    DECLARE starts, ends, horizon DATE;
    DECLARE whole_year BOOLEAN;
    DECLARE parts TEXT;

    SET horizon = UTC_DATE() + INTERVAL months_ahead MONTH;
    FOR split IN (
        SELECT table_name,
               MAX(IF(partition_name = 'later', NULL, TRIM(BOTH '''' FROM partition_description))) AS until
        FROM information_schema.partitions
        WHERE table_schema = DATABASE()
        GROUP BY table_name
        HAVING SUM(partition_name = 'later') = 1
    ) DO
        SET parts = IF(split.until IS NULL, CONCAT('PARTITION earlier VALUES LESS THAN (''', first_year, '''), '), '');
        SET starts = COALESCE(split.until, first_year);
        WHILE starts <= horizon DO
            SET whole_year = starts < this_year AND MONTH(starts) = 1;
            SET ends = starts + INTERVAL IF(whole_year, 12, 1) MONTH;
            SET parts = CONCAT(
                parts, 'PARTITION ', DATE_FORMAT(starts, IF(whole_year, 'y%Y', 'm%Y_%m')),
                ' VALUES LESS THAN (''', ends, '''), '
            );
            SET starts = ends;
        END WHILE;
        IF parts <> '' THEN
            EXECUTE IMMEDIATE CONCAT(
                'ALTER TABLE `', split.table_name, '` REORGANIZE PARTITION later INTO (', parts,
                'PARTITION later VALUES LESS THAN (MAXVALUE))'
            );
        END IF;
    END FOR;

    SELECT MAX(TRIM(BOTH '''' FROM partition_description)) INTO dropped_until
    FROM information_schema.partitions
    WHERE table_schema = DATABASE() AND partition_name <> 'later'
      AND TRIM(BOTH '''' FROM partition_description) <= kept_from;
    IF dropped_until IS NOT NULL THEN
        FOR old IN (
            SELECT table_name, GROUP_CONCAT(partition_name) AS names
            FROM information_schema.partitions
            WHERE table_schema = DATABASE() AND partition_name <> 'later'
              AND TRIM(BOTH '''' FROM partition_description) <= dropped_until
            GROUP BY table_name
        ) DO
            EXECUTE IMMEDIATE CONCAT('ALTER TABLE `', old.table_name, '` DROP PARTITION ', old.names);
        END FOR;
        DELETE FROM slot WHERE bar_end < dropped_until;
        COMMIT;
    END IF;
END
