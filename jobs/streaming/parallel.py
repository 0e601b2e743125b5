"""A large batch's work on several connections at once: its base rows, then the pieces of its refresh.

Every share and every piece is committed by itself, so nothing is held for long; whatever a crash leaves undone, the
repeated batch does again. The base rows must be committed before the refresh, for each connection sees only that.
Labels look at rows of the next piece and so come after all rows.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pymysql
from pymysql.cursors import Cursor

from jobs.streaming.ranges import Piece
from jobs.streaming.refresh import refresh_labels, refresh_rows
from jobs.streaming.tables import TABLES, upsert_rows
from jobs.streaming.touched import Rows

Connect = Callable[[], "pymysql.Connection[Cursor]"]
Work = Callable[["pymysql.Connection[Cursor]"], None]


def upsert_in_parallel(connect: Connect, rows: Rows, connections: int) -> None:
    """Writes the rows of all tables; all are committed at its end. Raises the first error of any connection."""
    _at_once(connect, [[partial(_upsert, rows=share)] for share in _shares(rows, connections)])


def refresh_in_parallel(connect: Connect, pieces: Sequence[Piece], connections: int) -> None:
    """Rewrites the rows and labels of `pieces`; all are committed at its end. Raises the first error of any connection,
    when all connections are closed."""
    shares = [pieces[n::connections] for n in range(min(connections, len(pieces)))]
    _at_once(
        connect,
        [[partial(_run, step=step, pieces=share) for step in (refresh_rows, refresh_labels)] for share in shares],
    )


def _at_once(connect: Connect, shares: Sequence[Sequence[Work]]) -> None:
    """The steps of each share on a connection of its own; the next step begins when all shares have done the last."""
    opened = [connect() for _ in shares]
    try:
        with ThreadPoolExecutor(len(shares), "mariadb") as pool:
            for step in zip(*shares, strict=True):
                for done in [pool.submit(work, connection) for work, connection in zip(step, opened, strict=True)]:
                    done.result()
    finally:
        for connection in opened:
            connection.close()


def _shares(rows: Rows, connections: int) -> list[Rows]:
    """By symbol, so that the messages of one key keep their order; what concerns all symbols goes into the first."""
    shares: list[Rows] = [{table: [] for table in rows} for _ in range(connections)]
    for table, its_rows in rows.items():
        for row in its_rows:
            shares[hash(row["symbol"]) % connections if "symbol" in row else 0][table].append(row)
    return shares


def _upsert(connection: "pymysql.Connection[Cursor]", rows: Rows) -> None:
    with connection.cursor() as cursor:
        for name, table in TABLES.items():
            upsert_rows(cursor, table, rows[name])
    connection.commit()


def _run(
    connection: "pymysql.Connection[Cursor]", step: Callable[[Cursor, Piece], None], pieces: Sequence[Piece]
) -> None:
    with connection.cursor() as cursor:
        for piece in pieces:
            step(cursor, piece)
            connection.commit()
