"""What the main job tells at its end, read back from MariaDB: counts, latency, skill, the last predictions."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.layout import get_layout
from local.sql import cell
from market.database import connect

LABELS = ("up1", "up2", "down1", "down2")
LAST = 10
EPSILON = 1e-12  # keeps the logarithm of a certain and wrong prediction finite


@dataclass(frozen=True)
class Replayed:
    """The replayed bars: how many there are, and how many of them have not exactly one prediction of the champion."""

    bars: int
    wrong: int


def replayed(since: datetime, symbols: Sequence[str]) -> Replayed:
    places = ", ".join(["%s"] * len(symbols))
    rows = query(
        "SELECT COUNT(*), SUM(predictions <> 1) FROM ("
        " SELECT bar.symbol, bar.bar_end, COUNT(p.bar_end) AS predictions FROM bar"
        " LEFT JOIN prediction p ON p.symbol = bar.symbol AND p.bar_end = bar.bar_end AND p.model_version ="
        "  (SELECT version FROM model WHERE status = 'champion')"
        f" WHERE bar.bar_end > %s AND bar.symbol IN ({places}) GROUP BY bar.symbol, bar.bar_end) counted",
        (since, *symbols),
    )
    return Replayed(int(rows[0][0]), int(rows[0][1] or 0))


def log_losses(since: datetime, symbols: Sequence[str]) -> dict[str, tuple[int, float, float]]:
    """Label -> (labelled bars, the predictions' mean log-loss, that of the base rate before `since`).

    Natural logarithms. The base rate is the label's share among all bars before the replay; labels whose horizon is not
    over or leaves the trading time are NULL and do not count.
    """
    places = ", ".join(["%s"] * len(symbols))
    result = {}
    for label in LABELS:
        base = float(
            query(f"SELECT AVG({label}) FROM v_target WHERE bar_end <= %s AND symbol IN ({places})", (since, *symbols))[
                0
            ][0]
            or 0.0
        )
        rows = query(
            f"SELECT p.{label}, t.{label} FROM prediction p"
            " JOIN model m ON m.version = p.model_version AND m.status = 'champion'"
            " JOIN v_target t ON t.symbol = p.symbol AND t.bar_end = p.bar_end"
            f" WHERE p.bar_end > %s AND p.symbol IN ({places}) AND t.{label} IS NOT NULL",
            (since, *symbols),
        )
        if rows:
            loss = sum(_log_loss(float(p), int(came)) for p, came in rows) / len(rows)
            base_loss = sum(_log_loss(base, int(came)) for _, came in rows) / len(rows)
            result[label] = (len(rows), loss, base_loss)
    return result


def _log_loss(probability: float, came: int) -> float:
    kept = min(max(probability, EPSILON), 1 - EPSILON)
    return -math.log(kept if came else 1 - kept)


def text(since: datetime, symbols: Sequence[str], latency: str) -> str:
    """The whole summary, lines for a terminal; `latency` says how fast the bars since then were predicted."""
    slots = dict(query("SELECT state, COUNT(*) FROM v_slot GROUP BY state"))
    bars = query("SELECT COUNT(*) FROM bar")[0][0]
    predictions = query("SELECT COUNT(*) FROM prediction")[0][0]
    champion = query("SELECT version FROM model WHERE status = 'champion'")[0][0]
    lines = [
        f"bars          {bars}",
        "slots         " + ", ".join(f"{slots.get(state, 0)} {state}" for state in ("complete", "degraded", "missing")),
        f"predictions   {predictions}, champion {champion}",
        f"latency       {latency}",
        "log-loss on the replayed bars, against the base rate before them:",
        *(
            f"  {label:6} {loss:.4f} against {base:.4f} ({count} labelled bars)"
            for label, (count, loss, base) in log_losses(since, symbols).items()
        ),
        f"the last {LAST} predictions:",
        *_last_predictions(),
    ]
    return "\n".join(lines)


def replay_latency() -> str:
    """As the last replay measured it."""
    path = get_layout().run / "replay_summary.json"
    if not path.exists():
        return "no replay yet"
    run = json.loads(path.read_text())
    if run["p50"] is None:
        return "not measured: all bars were predicted before"
    return f"p50 {run['p50']:.3f} s, p99 {run['p99']:.3f} s from bar in Kafka to prediction committed, {run['n']} bars"


def live_latency(since: datetime) -> str:
    """From the slot's close to the prediction's commit, over the live bars after `since` (naive UTC)."""
    rows = query(
        "SELECT TIMESTAMPDIFF(MICROSECOND, s.closed_at, p.created_at) / 1e6 FROM prediction p"
        " JOIN slot s ON s.symbol = p.symbol AND s.bar_end = p.bar_end WHERE p.bar_end > %s ORDER BY 1",
        (since,),
    )
    seconds = [float(row[0]) for row in rows]
    if not seconds:
        return "no live bar yet"
    return (
        f"p50 {seconds[len(seconds) // 2]:.3f} s, max {seconds[-1]:.3f} s from slot closed to prediction committed, "
        f"{len(seconds)} bars"
    )


def _last_predictions() -> list[str]:
    rows = query(
        "SELECT symbol, bar_end, up1, up2, down1, down2, model_version FROM prediction"
        " ORDER BY bar_end DESC, symbol, created_at DESC LIMIT %s",
        (LAST,),
    )
    shown = [
        (row[0], f"{row[1]:%Y-%m-%d %H:%M}", *(f"{value:.3f}" for value in row[2:6]), cell(row[6]))
        for row in reversed(rows)
    ]
    table = [("symbol", "bar_end (UTC)", *LABELS, "model"), *shown]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return ["  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in table]


def query(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connect("reader") as connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
