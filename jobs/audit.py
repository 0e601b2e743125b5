"""Compares `feature` and `target` with what v_feature and v_label say they should hold; repairs the rows that differ.

The streaming job writes `feature` bar by bar from the bars around; the view computes every row from the whole history.
Both come from one definition, so a difference means a lost write, a change by hand or a fault in the refresh.

`python -m jobs.audit [--symbol S] [--since T] [--until T] [--no-repair]` prints one summary line last. Its status is 1
when a difference is left: all of them with --no-repair, else those that the refresh did not mend.
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pymysql import Connection
from pymysql.cursors import Cursor, SSCursor

from jobs.streaming.refresh import refresh_features
from market.console import run_command
from market.database import connect
from market.errors import MarketError
from market.feature_sql import lookback_bars
from market.features import catalogue
from market.settings import get_settings

log = structlog.get_logger()

RELATIVE_TOLERANCE = 1e-9
# Sums are exact, but a deviation's last digit may depend on the order of its bars, and a Bollinger band near zero is a
# difference of two numbers that are not. Far below any price step.
ABSOLUTE_TOLERANCE = 1e-11
LABELS = ("up1", "up2", "down1", "down2")
# Rows a repair refreshes in one transaction: its locks are held for about a second, which the stream can wait for.
REPAIR_ROWS = 500
PROGRESS_EVERY_ROWS = 5_000
WITHOUT_INTERVAL = timedelta(days=7)
EVER = (datetime(1000, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001, MariaDB's columns are naive UTC
STRAY = (
    "FROM feature f "
    "LEFT JOIN bar ON bar.symbol = f.symbol AND bar.bar_end = f.bar_end "
    "LEFT JOIN slot s ON s.symbol = f.symbol AND s.bar_end = f.bar_end "
    "WHERE f.symbol = %s AND f.bar_end > %s AND f.bar_end <= %s AND (bar.symbol IS NULL OR s.closed_at IS NULL)"
)

Progress = Callable[[str, int], None]
"""Told a symbol and how many of its rows are compared so far."""


class FeaturesDiffer(MarketError):
    """`feature` still differs from v_feature after the repair."""


@dataclass(frozen=True)
class AuditResult:
    """Counts of rows: compared with the view; of them missing from `feature` or differing; there without a bar or a
    closed slot (stray); and brought in line with the view, which was checked again after the repair. labels: rows of
    `target` that differ from v_label while all their features agree."""

    rows: int = 0
    missing: int = 0
    differing: int = 0
    stray: int = 0
    repaired: int = 0
    labels: int = 0

    @property
    def left(self) -> int:
        """Differences that are still there."""
        return self.missing + self.differing + self.stray + self.labels - self.repaired

    def __add__(self, other: "AuditResult") -> "AuditResult":
        return AuditResult(
            self.rows + other.rows,
            self.missing + other.missing,
            self.differing + other.differing,
            self.stray + other.stray,
            self.repaired + other.repaired,
            self.labels + other.labels,
        )

    def __str__(self) -> str:
        labels = f", {self.labels} with wrong labels" if self.labels else ""
        return (
            f"{self.rows} feature rows compared: {self.missing} missing, {self.differing} differing, "
            f"{self.stray} stray{labels}; {self.repaired} repaired, {self.left} left"
        )


@dataclass(frozen=True)
class Difference:
    """One row of the view that `feature` lacks (no columns named) or holds with other values in these columns."""

    bar_end: datetime
    columns: tuple[str, ...]


def audit_features(
    symbols: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    repair: bool = True,
    progress: Progress | None = None,
) -> AuditResult:
    """Audits the rows with since < bar_end <= until of the symbols (default: all instruments, the whole history).

    Numbers may differ by a relative 1e-9 (near zero by 1e-11), NULL only equals NULL. Times without a zone are UTC.
    A symbol is read once, in one statement and so in one snapshot, streamed from the server: memory does not grow with
    the history, and a bar that is being written is seen whole or not at all. Raises pymysql.MySQLError.
    """
    span = (_naive_utc(since, EVER[0]), _naive_utc(until, EVER[1]))
    total = AuditResult()
    for symbol in symbols if symbols is not None else tuple(get_settings().instruments):
        with connect("stream") as connection:
            total += _audit_symbol(connection, symbol, span, repair, progress)
    return total


def audit_interval(start: datetime | None, end: datetime | None) -> AuditResult:
    """Audits and repairs start < bar_end <= end, or without an interval the seven days up to the newest feature row.

    Raises FeaturesDiffer when the repair left something.
    """
    if start is None or end is None:
        newest = _newest_row()
        if newest is None:
            log.info("nothing to audit: no feature rows yet")
            return AuditResult()
        start, end = newest - WITHOUT_INTERVAL, newest
    result = audit_features(since=start, until=end)
    log.info("audit", since=str(start), until=str(end), summary=str(result))
    if result.left:
        raise FeaturesDiffer(
            f"{result}. The refresh and v_feature disagree: `python -m market.migrate` renews the view, then "
            f"`python -m jobs.audit --since {start:%Y-%m-%dT%H:%MZ} --until {end:%Y-%m-%dT%H:%MZ}` names the columns"
        )
    return result


def _audit_symbol(
    connection: "Connection[Cursor]",
    symbol: str,
    span: tuple[datetime, datetime],
    repair: bool,
    progress: Progress | None,
) -> AuditResult:
    span = (max(span[0], _whole_after(connection, symbol)), span[1])
    rows = 0
    differences: list[Difference] = []
    for rows, difference in enumerate(_compare(connection, symbol, span), start=1):
        if difference is not None:
            differences.append(difference)
        if progress and rows % PROGRESS_EVERY_ROWS == 0:
            progress(symbol, rows)
    stray = _stray_rows(connection, symbol, span)
    connection.commit()  # the next statement gets a snapshot of its own
    if progress:
        progress(symbol, rows)
    _report(symbol, differences, stray)
    result = AuditResult(
        rows=rows,
        missing=sum(not difference.columns for difference in differences),
        differing=sum(bool(difference.columns) for difference in differences),
        stray=len(stray),
        repaired=_repair(connection, symbol, [d.bar_end for d in differences], stray) if repair else 0,
    )
    # A label comes from the rows of `feature`: what is wrong there already counts, and its repair is the labels' too.
    return result if result.left else result + _audit_labels(connection, symbol, span, repair)


def _whole_after(connection: "Connection[Cursor]", symbol: str) -> datetime:
    """The last bar_end whose windows may have reached bars that `mariadb.keep_months` dropped.

    The view has no value there any more, and `feature` the right one, which a repair would take away.
    """
    if get_settings().mariadb.keep_months is None:
        return EVER[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT MAX(bar_end) FROM (SELECT bar_end FROM bar WHERE symbol = %s ORDER BY bar_end LIMIT %s) oldest",
            (symbol, lookback_bars()),
        )
        row = cursor.fetchone()
    return row[0] if row and row[0] else EVER[0]


def _audit_labels(
    connection: "Connection[Cursor]", symbol: str, span: tuple[datetime, datetime], repair: bool
) -> AuditResult:
    wrong = _wrong_labels(connection, symbol, span)
    if wrong:
        log.warning("labels differ from v_label", symbol=symbol, first=str(wrong[0]), rows=len(wrong))
    if not wrong or not repair:
        return AuditResult(labels=len(wrong))
    for batch in _batches(wrong):
        with connection.cursor() as cursor:
            refresh_features(cursor, [(symbol, bar_end) for bar_end in batch])
        connection.commit()
    return AuditResult(labels=len(wrong), repaired=len(wrong) - len(_wrong_labels(connection, symbol, span)))


def _wrong_labels(connection: "Connection[Cursor]", symbol: str, span: tuple[datetime, datetime]) -> list[datetime]:
    """bar_ends whose labels in `target` are not those of v_label, or are not there."""
    same = " AND ".join(f"l.{label} <=> t.{label}" for label in LABELS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.bar_end FROM v_label l LEFT JOIN target t ON t.symbol = l.symbol AND t.bar_end = l.bar_end "
            "WHERE l.symbol = %s AND l.bar_end > %s AND l.bar_end <= %s "
            f"AND (t.symbol IS NULL OR NOT ({same})) ORDER BY l.bar_end",
            (symbol, *span),
        )
        wrong = [row[0] for row in cursor.fetchall()]
    connection.commit()
    return wrong


def _compare(
    connection: "Connection[Cursor]", symbol: str, span: tuple[datetime, datetime], only: Sequence[datetime] = ()
) -> Iterator[Difference | None]:
    """One item a row of the view, in time order: None where `feature` agrees. `only` narrows it to some bar_ends."""
    names = catalogue().names
    expected = ", ".join(f"e.`{name}`" for name in names)
    actual = ", ".join(f"f.`{name}`" for name in names)
    these = f" AND e.bar_end IN ({', '.join(['%s'] * len(only))})" if only else ""
    with connection.cursor(SSCursor) as cursor:
        cursor.execute(
            f"SELECT e.bar_end, f.bar_end, {expected}, {actual} FROM v_feature e "
            "LEFT JOIN feature f ON f.symbol = e.symbol AND f.bar_end = e.bar_end "
            f"WHERE e.symbol = %s AND e.bar_end > %s AND e.bar_end <= %s{these} ORDER BY e.bar_end",
            (symbol, *span, *only),
        )
        for bar_end, found, *values in cursor:
            if found is None:
                yield Difference(bar_end, ())
                continue
            columns = differing_columns(names, values[: len(names)], values[len(names) :])
            yield Difference(bar_end, columns) if columns else None


def differing_columns(names: Sequence[str], expected: Sequence[Any], actual: Sequence[Any]) -> tuple[str, ...]:
    """The names whose values are not the same: NULL against a number, or numbers further apart than the tolerance."""
    return tuple(name for name, wanted, found in zip(names, expected, actual, strict=True) if not _same(wanted, found))


def _same(expected: float | None, actual: float | None) -> bool:
    if expected is None or actual is None:
        return expected is actual
    return math.isclose(expected, actual, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)


def _stray_rows(connection: "Connection[Cursor]", symbol: str, span: tuple[datetime, datetime]) -> list[datetime]:
    """bar_ends in `feature` that have no bar or no closed slot, so that the view has no row for them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT f.bar_end {STRAY} ORDER BY f.bar_end", (symbol, *span))
        return [row[0] for row in cursor.fetchall()]


def _report(symbol: str, differences: Sequence[Difference], stray: Sequence[datetime]) -> None:
    columns = Counter(column for difference in differences for column in difference.columns)
    if differences:
        log.warning(
            "feature rows differ from v_feature",
            symbol=symbol,
            first=str(differences[0].bar_end),
            last=str(differences[-1].bar_end),
            missing=sum(not difference.columns for difference in differences),
            columns=dict(columns.most_common()),
        )
    if stray:
        log.warning("feature rows without a bar or a closed slot", symbol=symbol, first=str(stray[0]), rows=len(stray))


def _repair(
    connection: "Connection[Cursor]", symbol: str, bar_ends: Sequence[datetime], stray: Sequence[datetime]
) -> int:
    """Refreshes the rows at bar_ends and removes the stray ones, a batch a transaction; returns how many agree now."""
    repaired = 0
    for batch in _batches(bar_ends):
        with connection.cursor() as cursor:
            refresh_features(cursor, [(symbol, bar_end) for bar_end in batch])
        connection.commit()
        outcome = list(_compare(connection, symbol, EVER, only=batch))
        connection.commit()
        repaired += outcome.count(None)
    for batch in _batches(stray):
        # Only what is stray still: its bar may have come since.
        these = ", ".join(["%s"] * len(batch))
        with connection.cursor() as cursor:
            repaired += cursor.execute(f"DELETE f {STRAY} AND f.bar_end IN ({these})", (symbol, *EVER, *batch))
            cursor.execute(
                "DELETE t FROM target t LEFT JOIN feature f ON f.symbol = t.symbol AND f.bar_end = t.bar_end "
                f"WHERE f.symbol IS NULL AND t.symbol = %s AND t.bar_end IN ({these})",
                (symbol, *batch),
            )
            refresh_features(cursor, [(symbol, bar_end) for bar_end in batch])  # labels that looked at them
        connection.commit()
    return repaired


def _batches(bar_ends: Sequence[datetime]) -> Iterator[Sequence[datetime]]:
    return (bar_ends[start : start + REPAIR_ROWS] for start in range(0, len(bar_ends), REPAIR_ROWS))


def _newest_row() -> datetime | None:
    with connect("stream") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT MAX(bar_end) FROM feature")
        row = cursor.fetchone()
    return row[0] if row else None


def _naive_utc(time: datetime | None, default: datetime) -> datetime:
    if time is None:
        return default
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m jobs.audit", description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--symbol", action="append", help="may be repeated; default: all instruments of the settings")
    parser.add_argument("--since", type=datetime.fromisoformat, help="exclusive; UTC unless it names an offset")
    parser.add_argument("--until", type=datetime.fromisoformat, help="inclusive; UTC unless it names an offset")
    parser.add_argument("--no-repair", action="store_true", help="only report; status 1 when anything differs")
    given = parser.parse_args(arguments)
    result = audit_features(
        given.symbol,
        given.since,
        given.until,
        repair=not given.no_repair,
        progress=lambda symbol, rows: log.info("compared", symbol=symbol, rows=rows),
    )
    print(result)
    return 1 if result.left else 0


if __name__ == "__main__":
    sys.exit(run_command(main))
