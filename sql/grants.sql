-- One least-privilege user a component. market.migrate runs each statement with {user}, {database} and {every_table}
-- replaced by quoted names from the settings; `-- user:` starts a component's part.
-- user: stream
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.slot TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.bar TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.book TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.vix TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.cot_report TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.economic_release TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.feature TO {user};
GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.target TO {user};
GRANT SELECT, INSERT, UPDATE ON {database}.stream_heartbeat TO {user};
GRANT SELECT ON {database}.instrument TO {user};
GRANT SELECT ON {database}.v_feature TO {user};
GRANT SELECT ON {database}.v_label TO {user};
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
