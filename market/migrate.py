"""Brings a MariaDB to the current schema: migrations, the catalogue's columns, views, users and instruments.

`python -m market.migrate` may be run at any time, any number of times, on a live database.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from urllib.parse import quote

from pymysql.cursors import Cursor
from yoyo import get_backend, read_migrations

from market.console import run_command
from market.database import connect, is_on_loopback, password_of, user_of
from market.errors import MarketError
from market.feature_sql import feature_view_select, indicator_select, target_select
from market.features import catalogue
from market.locks import lock_name, take_lock
from market.partitions import keep_partitions
from market.settings import ROOT, Component, get_settings

SQL = ROOT / "sql"
VIEWS = (
    "v_indicator",
    "v_feature",
    "v_label",
    "v_target",
    "v_prediction",
    "v_gap",
    "v_slot",
)  # each after those it reads
ALONE_PATIENCE_S = 60
GRANTED: tuple[Component, ...] = ("stream", "worker", "trainer", "feeds", "reader")


class MigrationRuns(MarketError):
    """Another process is at it."""


def migrate() -> list[str]:
    """Applies all that is missing; returns one line a change for the caller to show. Raises MigrationRuns."""
    with _alone():
        return _migrate()


@contextmanager
def _alone() -> Iterator[None]:
    """Holds a lock that ends with this process. yoyo's own is a row in a table: a migration that was killed would leave
    it there, and no other would start again."""
    name = lock_name("migrate")
    with connect("admin") as connection, connection.cursor() as cursor:
        if not take_lock(cursor, name, ALONE_PATIENCE_S):
            raise MigrationRuns(
                f"another market.migrate still holds {name} after {ALONE_PATIENCE_S} s; wait for its end"
            )
        yield


def _migrate() -> list[str]:
    done = _apply_migrations()
    with connect("admin") as connection, connection.cursor() as cursor:
        done += _sync_feature_columns(cursor)
        done += _note_catalogue(cursor)
        _sync_instruments(cursor)
        connection.commit()
        for view in VIEWS:
            cursor.execute(_view_text(view))
        for path in sorted((SQL / "procedures").glob("*.sql")):
            cursor.execute(path.read_text().format(keep_months=get_settings().mariadb.keep_months or "NULL"))
        keep_partitions(cursor)
        done += _fill_targets(cursor)
        _grant(cursor)
        connection.commit()
    return done


def _apply_migrations() -> list[str]:
    mariadb = get_settings().mariadb
    address = (
        f"mysql://{quote(user_of('admin'))}:{quote(password_of('admin'), safe='')}"
        f"@{mariadb.host}:{mariadb.port}/{mariadb.database}" + ("?ssl_disabled=1" if is_on_loopback() else "")
        # yoyo connects anew for each migration and hands what stands here to PyMySQL
    )
    backend = get_backend(address)
    try:
        migrations = read_migrations(str(SQL / "migrations"))
        backend.break_lock()  # whoever holds it is dead, or this process would not be alone
        with backend.lock():
            missing = backend.to_apply(migrations)
            names = [f"migration {migration.id}" for migration in missing]
            backend.apply_migrations(missing)
    finally:
        backend.connection.close()
    return names


def _sync_feature_columns(cursor: Cursor) -> list[str]:
    """Adds the catalogue's missing columns to `feature`, describes anew those whose formula is another one now; columns
    of a former catalogue stay and become NULL."""
    cursor.execute(
        "SELECT column_name, column_comment FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name = 'feature'"
    )
    existing = dict(cursor.fetchall())
    comments = {feature.name: f"{feature.unit}: {feature.formula}"[:1000] for feature in catalogue().features}
    changed = {name: comment for name, comment in comments.items() if existing.get(name) != comment}
    if not changed:
        return []
    columns = ", ".join(
        f"{'MODIFY' if name in existing else 'ADD'} COLUMN `{name}` DOUBLE NULL COMMENT %s" for name in changed
    )
    cursor.execute(f"ALTER TABLE feature {columns}", list(changed.values()))
    return [f"feature column {name}" for name in changed]


def _note_catalogue(cursor: Cursor) -> list[str]:
    """Notes the catalogue in the comment of `feature`; says what to do with rows of a former one."""
    noted = f"model input rows; catalogue {catalogue().hash}"
    if _comment_of(cursor, "feature") == noted:
        return []
    cursor.execute("ALTER TABLE feature COMMENT = %s", (noted,))
    rows_of_before = cursor.execute("SELECT 1 FROM feature LIMIT 1")
    told = "rows of a former catalogue: `python -m jobs.audit` makes them anew, before the next model is trained"
    return [told] if rows_of_before else []


def _sync_instruments(cursor: Cursor) -> None:
    cursor.executemany(
        "INSERT INTO instrument (symbol, calendar, bar_minutes, cot_contract) VALUES (%s, %s, %s, %s) "
        "ON DUPLICATE KEY UPDATE calendar = VALUES(calendar), bar_minutes = VALUES(bar_minutes), "
        "cot_contract = VALUES(cot_contract)",
        [
            (symbol, instrument.calendar, instrument.bar_minutes, instrument.cot_contract)
            for symbol, instrument in get_settings().instruments.items()
        ],
    )


def _fill_targets(cursor: Cursor) -> list[str]:
    """Makes the labels anew when they are of other `targets` than the settings', or of rows older than the table, a
    transaction a symbol; later ones come with their rows. Which `targets` is noted last: a run that broke off is
    repeated."""
    noted = f"labels by bar; definition {sha256(target_select('slots_all').encode()).hexdigest()[:16]}"
    if _comment_of(cursor, "target") == noted:
        return []
    cursor.execute("SELECT symbol FROM slot GROUP BY symbol")
    done = []
    for (symbol,) in cursor.fetchall():
        cursor.execute("DELETE FROM target WHERE symbol = %s", (symbol,))
        rows = cursor.execute(
            "INSERT INTO target (symbol, bar_end, up1, up2, down1, down2) "
            "SELECT symbol, bar_end, up1, up2, down1, down2 FROM v_label WHERE symbol = %s",
            (symbol,),
        )
        cursor.connection.commit()
        done += [f"labels of {symbol}: {rows}"] if rows else []
    cursor.execute("ALTER TABLE target COMMENT = %s", (noted,))
    return done


def _comment_of(cursor: Cursor, table: str) -> str:
    cursor.execute(
        "SELECT table_comment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s",
        (table,),
    )
    return str((cursor.fetchone() or ("",))[0])


def _view_text(name: str) -> str:
    return (
        (SQL / "views" / f"{name}.sql")
        .read_text()
        .format(
            indicator=indicator_select("bars_all"),
            feature=feature_view_select(),
            target=target_select("slots_all"),
            **_missing_in_slot(),
        )
    )


def _missing_in_slot() -> dict[str, str]:
    """Of what v_slot looks for, the expression that says it is missing; what the model does not use never is.

    Not the flags of the features: those are 1 too where a report is there and one of its figures is not.
    """
    features = get_settings().features
    reports = [f"f.cot_{group}_long IS NULL" for group in features.cot_groups] if features.use.cot else []
    return {
        "no_book": "book.symbol IS NULL" if features.use.book else "FALSE",
        "no_vix": "f.vix IS NULL" if features.use.vix else "FALSE",
        "no_cot": f"({' OR '.join(reports or ['FALSE'])})",
    }


def _grant(cursor: Cursor) -> None:
    """Creates each component's user with its password from the environment and its grants from sql/grants.sql."""
    name = get_settings().mariadb.database
    database = f"`{name}`"
    every_table = "`{}`.*".format(name.replace("_", r"\_").replace("%", r"\%"))  # here the name is a pattern
    statements = dict(_grants_by_component())
    for component in GRANTED:
        user = f"'{user_of(component)}'@'%'"
        cursor.execute(
            f"CREATE USER IF NOT EXISTS {user.replace('%', '%%')} IDENTIFIED BY %s", (password_of(component),)
        )
        cursor.execute(f"ALTER USER {user.replace('%', '%%')} IDENTIFIED BY %s", (password_of(component),))
        for statement in statements[component]:
            cursor.execute(statement.format(user=user, database=database, every_table=every_table))


def _grants_by_component() -> Iterator[tuple[str, list[str]]]:
    parts = re.split(r"^-- user: (\w+)$", (SQL / "grants.sql").read_text(), flags=re.MULTILINE)
    for component, text in zip(parts[1::2], parts[2::2], strict=True):
        yield component, [statement.strip() for statement in text.split(";") if statement.strip()]


def main() -> None:
    done = migrate()
    for line in done:
        print(line)
    print(
        f"schema is current: {len(done)} change(s), catalogue {catalogue().hash} with {len(catalogue().names)} features"
    )


if __name__ == "__main__":
    sys.exit(run_command(main))
