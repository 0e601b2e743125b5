"""Keeps the tables' partitions of time: called by market.migrate, and by the streaming job once a day."""

from pymysql.cursors import Cursor

MONTHS_AHEAD = 3  # so many months may pass without a call before rows gather in the catch-all partition


def keep_partitions(cursor: Cursor) -> None:
    """Creates partitions ahead and drops those older than mariadb.keep_months was at the last market.migrate.

    Its ALTER TABLEs commit the caller's transaction, and wait for other transactions on the same tables to end.
    """
    cursor.execute("CALL add_partitions(%s)", (MONTHS_AHEAD,))
    cursor.execute("CALL drop_old_partitions()")
