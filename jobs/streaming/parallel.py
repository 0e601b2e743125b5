"""Refreshes the many pieces of a large batch on several connections at once.

The base rows must be committed before: each connection sees only that. Every piece is committed by itself, so nothing
is held for long; whatever a crash leaves undone, the repeated batch does again. Labels look at rows of the next piece
and so come after all rows.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pymysql
from pymysql.cursors import Cursor

from jobs.streaming.ranges import Piece
from jobs.streaming.refresh import refresh_labels, refresh_rows

Connect = Callable[[], "pymysql.Connection[Cursor]"]


def refresh_in_parallel(connect: Connect, pieces: Sequence[Piece], connections: int) -> None:
    """Rewrites the rows and labels of `pieces`; all are committed at its end. Raises the first error of any connection,
    when all connections are closed."""
    shares = [pieces[n::connections] for n in range(min(connections, len(pieces)))]
    opened = [connect() for _ in shares]
    try:
        with ThreadPoolExecutor(len(shares), "refresh") as pool:
            for step in (refresh_rows, refresh_labels):
                for done in [pool.submit(_run, step, *job) for job in zip(opened, shares, strict=True)]:
                    done.result()
    finally:
        for connection in opened:
            connection.close()


def _run(
    step: Callable[[Cursor, Piece], None], connection: "pymysql.Connection[Cursor]", pieces: Sequence[Piece]
) -> None:
    with connection.cursor() as cursor:
        for piece in pieces:
            step(cursor, piece)
            connection.commit()
