"""The newest history of the settings' instruments, asked of the live sources, as a recording's folder.

A live pipeline starts with it: the first model learns from it, and the first live slot goes on where it ends. Books are
not in it: no source gives those of the past.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jobs.feeds.asking import ask
from jobs.feeds.feed import Query
from jobs.feeds.last_values import LastValues
from jobs.feeds.slot import begin_after
from jobs.feeds.slow import fetch_values
from jobs.feeds.state import feed_state
from jobs.recording_facts import RecordingFacts
from jobs.recording_folder import drafted, write_csv
from jobs.recording_messages import FILES
from market.errors import MarketError, SourceError
from market.messages import Bar, Cot, Vix
from market.settings import InstrumentSettings, get_settings

PAGES_AT_MOST = 50
SLOW_BEFORE = timedelta(days=30)  # the first bars know a COT report and a VIX close

Progress = Callable[[int, int], None]


class NoLiveHistory(MarketError):
    """No source gave a symbol's bars; the message says what each of them answered."""


def write_live_history(folder: Path, bars: int, progress: Progress | None = None) -> Path:
    """Writes bars.csv with up to `bars` closed bars a symbol, vix.csv, cot.csv and recording.toml; returns the folder.

    All instruments must have one calendar and interval, as a recording has. Slow feeds that no source gives are left
    out. The slots' memory begins where the bars end. Raises NoLiveHistory.
    """
    instruments = get_settings().instruments
    now, total, done = datetime.now(UTC), bars * len(instruments), 0
    history: dict[str, list[Bar]] = {}
    for symbol, instrument in instruments.items():
        history[symbol] = _bars(symbol, instrument, now - bars * instrument.bar_interval)
        done += bars
        if progress is not None:
            progress(done, total)
    first = min(found[0].bar_end for found in history.values())
    with drafted(folder) as draft:
        _write(draft, "bars", _in_time(history))
        _write(draft, "vix", [one for one in fetch_values("vix", first - SLOW_BEFORE) if isinstance(one, Vix)])
        _write(draft, "cot", [one for one in fetch_values("cot", first - SLOW_BEFORE) if isinstance(one, Cot)])
        (draft / "recording.toml").write_text(_facts(next(iter(instruments.values()))).to_toml(), encoding="utf-8")
    for symbol, found in history.items():
        begin_after(symbol, found[-1].bar_end)
        LastValues(feed_state(), "bars", symbol).remember(found[-1:], now)
    return folder


def _bars(symbol: str, instrument: InstrumentSettings, start: datetime) -> list[Bar]:
    """From the first source that has any, page by page, as each gives only so many at once."""
    refused = []
    for source in get_settings().sources_of(symbol, "bars"):
        try:
            found = list(_pages(symbol, instrument, source, start))
        except SourceError as error:
            refused.append(f"{source}: {error.kind}: {error.detail}")
            continue
        if found:
            return found
        refused.append(f"{source}: no bar since {start.isoformat()}")
    raise NoLiveHistory(
        f"no source gives bars of {symbol}: {'; '.join(refused)}. Is this machine allowed to reach them? "
        "feeds.base_urls names another server for a source, feeds.sources another order"
    )


def _pages(symbol: str, instrument: InstrumentSettings, source: str, start: datetime) -> Iterator[Bar]:
    asked = instrument.source_symbols.get(source, symbol)
    for _ in range(PAGES_AT_MOST):
        timeout = get_settings().feeds.source_timeout_s
        # With an end: of a span that has none, some sources are asked for the newest bars alone.
        messages = ask("bars", source, Query(asked, instrument.bar_interval, start, datetime.now(UTC)), timeout)
        bars = [m.model_copy(update={"symbol": symbol}) for m in messages if isinstance(m, Bar) and m.bar_end > start]
        if not bars:
            return
        yield from bars
        start = bars[-1].bar_end


def _in_time(history: dict[str, list[Bar]]) -> list[Bar]:
    return sorted((bar for bars in history.values() for bar in bars), key=lambda bar: (bar.bar_end, bar.symbol))


def _facts(instrument: InstrumentSettings) -> RecordingFacts:
    return RecordingFacts(
        calendar=instrument.calendar,
        bar_interval=instrument.bar_interval,
        alignment=instrument.alignment,
        source="live sources",
        licence="the sources' own terms; not to be passed on",
    )


def _write(folder: Path, kind: str, messages: Sequence[Bar | Vix | Cot]) -> None:
    """The messages' fields as the recording's cells; no file when there are none."""
    columns, _ = FILES[kind]
    rows = [[_cell(getattr(message, column)) for column in columns] for message in messages]
    if rows:
        write_csv(folder / f"{kind}.csv", columns, rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)
