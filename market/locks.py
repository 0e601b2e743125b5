"""MariaDB's named locks: each ends with its holder's connection, however that ends."""

from pymysql.cursors import Cursor

from market.settings import get_settings

NAME_LIMIT = 64


def lock_name(purpose: str) -> str:
    """Of this database alone: MariaDB's locks are of the whole server, which may hold a second one of the same kind."""
    return f"market_{purpose}.{get_settings().mariadb.database}"[:NAME_LIMIT]


def take_lock(cursor: Cursor, name: str, wait_s: float) -> bool:
    """Whether the cursor's connection holds the lock, waited for so long."""
    cursor.execute("SELECT GET_LOCK(%s, %s)", (name, wait_s))
    row = cursor.fetchone()
    return bool(row and row[0] == 1)
