-- Splits partitions off `later`, in every table that has one of that name: one a year up to the last one that is over,
-- one a month from then on, `months_ahead` of them (24 at most) beyond this month. `later` takes what is newer still, so
-- that no row is ever refused; when its months come, they are split off it with whatever they hold. A year of which there
-- are months already stays in months to its end, however long nobody called this: a year's partition begins in January.
--
-- A partition a month for 25 years would be 300 of them, and each statement pays for all those that it opens.
CREATE OR REPLACE PROCEDURE add_partitions(IN months_ahead INT)
    COMMENT 'splits partitions off `later`; drops nothing'
BEGIN
    DECLARE first_year DATE DEFAULT '1998-01-01';
    DECLARE this_year DATE DEFAULT MAKEDATE(YEAR(UTC_DATE()), 1);
    DECLARE horizon DATE DEFAULT UTC_DATE() + INTERVAL LEAST(months_ahead, 24) MONTH;
    DECLARE starts, ends DATE;
    DECLARE whole_year BOOLEAN;
    DECLARE parts TEXT;

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
END
