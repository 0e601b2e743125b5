"""Temporary tables in MariaDB's memory for one connection's statements: nobody else sees them, and a lost connection
leaves none behind."""

from collections.abc import Sequence
from typing import Any

import pymysql
from pymysql.constants import ER
from pymysql.cursors import Cursor

from jobs.streaming.columns import insert_rows

# A user who may not write in the whole database is denied a table that is not there rather than told so.
NO_TABLE = (ER.NO_SUCH_TABLE, ER.TABLEACCESS_DENIED_ERROR)


def write_scratch(
    cursor: Cursor, table: str, definition: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """The temporary table holds exactly these rows; made with `definition` (columns and keys) where it is not there."""
    try:
        cursor.execute(f"DELETE FROM {table}")
    except pymysql.err.MySQLError as error:
        # Asking first, or CREATE ... IF NOT EXISTS, would cost every bar a statement more.
        if error.args[0] not in NO_TABLE:
            raise
        cursor.execute(f"CREATE TEMPORARY TABLE {table} ({definition}) ENGINE = MEMORY")
    names = ", ".join(f"`{column}`" for column in columns)
    insert_rows(cursor, f"INSERT INTO {table} ({names})", rows)
