"""Keeps the tables' partitions of time: called by market.migrate, and by the streaming job once a day."""

from pymysql.cursors import Cursor

from market.settings import get_settings

MONTHS_AHEAD = 3  # so many months may pass without a call before rows gather in the catch-all partition


def keep_partitions(cursor: Cursor) -> None:
    """Creates partitions ahead and drops those older than the setting mariadb.keep_months; see the procedure itself.

    Its ALTER TABLEs commit the caller's transaction, and wait for other transactions on the same tables to end.
    """
    cursor.execute("CALL keep_partitions(%s, %s)", (MONTHS_AHEAD, get_settings().mariadb.keep_months))
