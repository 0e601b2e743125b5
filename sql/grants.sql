-- One least-privilege user a component. market.migrate runs each statement with {user}, {database} and {every_table}
-- replaced by quoted names from the settings; `-- user:` starts a component's part.
-- user: stream
GRANT SELECT, INSERT, UPDATE ON {database}.slot TO {user};
GRANT SELECT, INSERT, UPDATE ON {database}.bar TO {user};
GRANT SELECT, INSERT, UPDATE ON {database}.book TO {user};
GRANT SELECT, INSERT, UPDATE ON {database}.vix TO {user};
GRANT SELECT, INSERT, UPDATE ON {database}.cot_report TO {user};
GRANT SELECT, INSERT, UPDATE ON {database}.economic_release TO {user};
-- What was fetched is never deleted: the right to it, which a database may have from before, is taken back.
REVOKE DELETE ON {database}.slot FROM {user};
REVOKE DELETE ON {database}.bar FROM {user};
REVOKE DELETE ON {database}.book FROM {user};
REVOKE DELETE ON {database}.vix FROM {user};
REVOKE DELETE ON {database}.cot_report FROM {user};
REVOKE DELETE ON {database}.economic_release FROM {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.feature TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.target TO {user};
GRANT SELECT, INSERT, UPDATE ON {database}.stream_heartbeat TO {user};
GRANT SELECT ON {database}.instrument TO {user};
GRANT SELECT ON {database}.v_feature TO {user};
GRANT SELECT ON {database}.v_label TO {user};
-- The numbers by which a statement cuts many rows' values out of one text a column (jobs/streaming/columns.py).
GRANT SELECT ON {database}.seq_0_to_999 TO {user};
GRANT CREATE TEMPORARY TABLES ON {every_table} TO {user};
GRANT EXECUTE ON PROCEDURE {database}.add_partitions TO {user};
GRANT EXECUTE ON PROCEDURE {database}.drop_old_partitions TO {user};
-- user: worker
GRANT SELECT ON {database}.feature TO {user};
GRANT SELECT ON {database}.model TO {user};
GRANT SELECT, INSERT ON {database}.prediction TO {user};
-- user: trainer
GRANT SELECT ON {every_table} TO {user};
GRANT INSERT, UPDATE ON {database}.model TO {user};
-- user: feeds
GRANT SELECT ON {database}.instrument TO {user};
GRANT SELECT ON {database}.slot TO {user};
GRANT SELECT ON {database}.bar TO {user};
-- user: reader
GRANT SELECT ON {every_table} TO {user};
