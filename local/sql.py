"""`python -m local.sql "select …"`: one read-only query on the local MariaDB, tab-separated, without a header."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

import pymysql

from local import secrets
from market.console import run_command
from market.database import connect
from market.settings import get_settings


def use_local_passwords() -> None:
    """Lets this process log in to the local MariaDB as every component, as the person who owns the stack may."""
    for name, value in secrets.load().items():
        os.environ.setdefault(name, value)
    get_settings.cache_clear()


def run_query(sql: str) -> Sequence[Sequence[Any]]:
    """The rows, read as the component `reader`, which may read everything and write nothing."""
    with connect("reader") as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def cell(value: object) -> str:
    return "NULL" if value is None else str(value).replace("\t", "\\t").replace("\n", "\\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.sql", description=__doc__)
    parser.add_argument("query", help="one SQL query")
    query = parser.parse_args(arguments).query
    if not query.strip():
        parser.error('a query is needed: make sql Q="select count(*) from prediction"')
    use_local_passwords()
    try:
        for row in run_query(query):
            print("\t".join(map(cell, row)))
    except pymysql.err.OperationalError as error:
        code, message = (*error.args, "")[:2]
        hint = "; start it with make run" if code in (2003, 1045) else ""
        print(f"error: {message}{hint}", file=sys.stderr)
        return 1
    except pymysql.err.MySQLError as error:
        print(f"error: {error.args[-1]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
