-- The tables that grow by the bar in partitions of time; sql/procedures/keep_partitions.sql splits years and months off
-- `later` and drops old ones. Each statement copies its table while writers wait. Old data is in years, not months: see
-- the procedure.
ALTER TABLE bar PARTITION BY RANGE COLUMNS (bar_end) (PARTITION later VALUES LESS THAN (MAXVALUE));
ALTER TABLE book PARTITION BY RANGE COLUMNS (bar_end) (PARTITION later VALUES LESS THAN (MAXVALUE));
ALTER TABLE feature PARTITION BY RANGE COLUMNS (bar_end) (PARTITION later VALUES LESS THAN (MAXVALUE));
ALTER TABLE target PARTITION BY RANGE COLUMNS (bar_end) (PARTITION later VALUES LESS THAN (MAXVALUE));
ALTER TABLE prediction PARTITION BY RANGE COLUMNS (bar_end) (PARTITION later VALUES LESS THAN (MAXVALUE));
