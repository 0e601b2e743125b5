-- Whoever might call this could drop any history. add_partitions and drop_old_partitions (sql/procedures/) came for it.
DROP PROCEDURE IF EXISTS keep_partitions;
