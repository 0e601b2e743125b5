"""Many rows into MariaDB with one parameter a column, each value in as many characters as the longest one has.

pymysql spends two microseconds on each value of a statement, of which a large batch has half a million, and MariaDB
makes an object of each. Over a column that is one text both only pass: a row costs half as much. The sequence's n-th
row cuts the n-th value out; a column of texts holds the numbers of its distinct texts, so these may be any.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymysql.cursors import Cursor

ROWS_A_STATEMENT = 1_000
NOTHING = "-"  # no number or time is written so
SEQUENCE = f"seq_0_to_{ROWS_A_STATEMENT - 1}"  # of MariaDB's own engine, the right to read it is in sql/grants.sql


def insert_rows(cursor: Cursor, insert: str, rows: Sequence[Sequence[Any]], update: str = "") -> None:
    """Executes `insert` (INSERT INTO table (columns)) for the rows in their order, with `update` after them.

    Values are None, numbers, booleans, texts and naive UTC datetimes, of one kind a column.
    """
    for first in range(0, len(rows), ROWS_A_STATEMENT):
        some = rows[first : first + ROWS_A_STATEMENT]
        expressions, parameters = list[str](), list[Any]()
        for n, column in enumerate(zip(*some, strict=True)):
            expression, its_parameters = _column(column)
            expressions.append(f"{expression} AS c{n}")  # a name that no column of the table has
            parameters += its_parameters
        select = f"SELECT {', '.join(expressions)} FROM {SEQUENCE} WHERE seq < %s ORDER BY seq"
        cursor.execute(f"{insert} {select} {update}", (*parameters, len(some)))


def _column(values: Sequence[Any]) -> tuple[str, list[Any]]:
    """The expression of the `seq`-th value, and its parameters."""
    sample = next((value for value in values if value is not None), None)
    if isinstance(sample, str):
        distinct = dict.fromkeys(value for value in values if value is not None)
        texts = {text: n for n, text in enumerate(distinct, start=1)}
        numbers, cut = _fixed([str(texts.get(value, 0)) for value in values])  # ELT of 0 is NULL
        return f"ELT({cut}, {', '.join(['%s'] * len(texts))})", [numbers, *texts]
    numbers, cut = _fixed([NOTHING if value is None else _written(value) for value in values])
    return f"NULLIF({cut}, '{NOTHING}')", [numbers]


def _fixed(texts: Sequence[str]) -> tuple[str, str]:
    """The texts one after the other, each as long as the longest, and the expression that cuts the `seq`-th out.

    latin1, so that MariaDB finds the place without counting characters.
    """
    width = max(map(len, texts))
    return "".join([text.ljust(width) for text in texts]), f"RTRIM(SUBSTR(_latin1 %s, seq * {width} + 1, {width}))"


def _written(value: float | datetime) -> str:
    """A number or a time as MariaDB reads it back exactly: `repr` of a float is the shortest text that does."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return repr(int(value) if isinstance(value, bool) else value)
