"""Other people's files made recordings: small ones worked by hand, then the real ones, replayed to a real Kafka."""

import csv
import zipfile
from pathlib import Path

import pytest

from jobs.import_recording import KINDS, main
from jobs.recording import Recording
from jobs.recording_timeline import Moment, timeline
from jobs.replay import main as replay
from market.settings import ROOT, Settings
from tests.jobs.recording_world import topic_content

DATA = ROOT.parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the recorded real data lie outside the project")

BOOK_HEADER = "ts_utc,bid_0,bid_0_size,ask_0,ask_0_size,bid_1,bid_1_size,ask_1,ask_1_size"
TRADES_HEADER = "ts_utc,price,size,aggressor"


def zipped(path: Path, *lines: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.csv", "\n".join(lines) + "\n")
    return path


def text_file(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(kind: str, out: Path, *files: Path, symbol: str = "SPY", more: tuple[str, ...] = ()) -> int:
    return main([kind, *map(str, files), "--out", str(out), "--symbol", symbol, *more])


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text().splitlines()))


def test_the_help_tells_each_kind_and_the_readme_has_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = " ".join(capsys.readouterr().out.split()).replace("- ", "-")  # argparse breaks lines at hyphens
    for kind in KINDS:
        assert f"{kind} (" in told or f"{kind}," in told
    assert "Make a recording" in told and "replay DIR publishes, of files that others publish." in told
    assert "python -m jobs.import_recording KIND" in (ROOT / "README.md").read_text()


def test_a_minute_of_lean_ends_a_minute_after_its_label(tmp_path: Path) -> None:
    """34,200,000 ms are 09:30 in New York: 13:30 UTC in summer, 14:30 in winter."""
    summer = zipped(tmp_path / "20131007_trade.zip", "34200000,1672700,1673050,1671500,1672500,300")
    winter = zipped(tmp_path / "20131104_trade.zip", "34200000,1760000,1760000,1760000,1760000,5")
    quotes = zipped(
        tmp_path / "20131007_quote.zip",
        "34200000,1,1,1,1672400,200,2,2,2,1672600,500",
        "34260000,,,,,0,2,2,2,1672700,100",
    )
    out = tmp_path / "out"
    assert run("lean", out, winter, quotes, summer) == 0
    assert rows(out / "bars.csv")[1:] == [
        ["SPY", "2013-10-07T13:31:00+00:00", "167.27", "167.305", "167.15", "167.25", "300"],
        ["SPY", "2013-11-04T14:31:00+00:00", "176", "176", "176", "176", "5"],
    ]
    assert rows(out / "book.csv") == [
        ["symbol", "snapshot_at", "bid_price_0", "bid_size_0", "ask_price_0", "ask_size_0"],
        ["SPY", "2013-10-07T13:31:00+00:00", "167.24", "200", "167.26", "500"],
        ["SPY", "2013-10-07T13:32:00+00:00", "", "", "167.27", "100"],  # nobody bids: no size either
    ]
    assert 'calendar = "XNYS"' in (out / "recording.toml").read_text()
    assert Recording(out).facts.licence == "Apache-2.0"


def test_an_hour_of_lean_ends_on_the_clock(tmp_path: Path) -> None:
    hours = ("20131007 09:00,1672700,1673000,1671000,1672000,9", "20131007 10:00,1672000,1673000,1671000,1672500,8")
    assert run("lean-hour", tmp_path / "out", zipped(tmp_path / "spy.zip", *hours)) == 0
    assert [row[1] for row in rows(tmp_path / "out" / "bars.csv")[1:]] == [
        "2013-10-07T14:00:00+00:00", "2013-10-07T15:00:00+00:00",
    ]  # fmt: skip
    assert Recording(tmp_path / "out").grid("SPY").alignment == "clock"


def test_trades_become_bars_of_the_closed_minutes_alone(tmp_path: Path) -> None:
    trades = text_file(
        tmp_path / "t.csv", TRADES_HEADER,
        "2024-08-08T23:58:30.000000Z,9.00000000,1.00000000,sell",  # its minute had begun before
        "2024-08-08T23:59:00.000000Z,10.00000000,0.50000000,buy",
        "2024-08-08T23:59:20.000000Z,12.50000000,0.25000000,buy",
        "2024-08-08T23:59:20.000000Z,8.00000000,0.25000000,sell",
        "2024-08-08T23:59:59.999999Z,11.00000000,1.00000000,buy",
        "2024-08-09T00:00:00.000000Z,11.10000000,2.00000000,buy",  # belongs to the next minute
        "2024-08-09T00:02:10.000000Z,11.20000000,2.00000000,buy",  # none at 00:01; this minute is not over
    )  # fmt: skip
    book = text_file(
        tmp_path / "b.csv", BOOK_HEADER,
        "2024-08-08T23:59:58.000000Z,10.9,1,11.1,2,10.8,3,11.2,4",
    )  # fmt: skip
    out = tmp_path / "out"
    assert run("binance-book", out, trades, book, symbol="BTCUSDT") == 0
    assert rows(out / "bars.csv")[1:] == [
        ["BTCUSDT", "2024-08-09T00:00:00+00:00", "10", "12.5", "8", "11", "2"],
        ["BTCUSDT", "2024-08-09T00:01:00+00:00", "11.1", "11.1", "11.1", "11.1", "2"],
    ]
    header, row = rows(out / "book.csv")
    assert dict(zip(header, row, strict=True)) == {
        "symbol": "BTCUSDT", "snapshot_at": "2024-08-08T23:59:58+00:00",
        "bid_price_0": "10.9", "bid_size_0": "1", "ask_price_0": "11.1", "ask_size_0": "2",
        "bid_price_1": "10.8", "bid_size_1": "3", "ask_price_1": "11.2", "ask_size_1": "4",
    }  # fmt: skip
    first, second = (step for _, step in timeline(Recording(out)) if isinstance(step, Moment))
    assert first.book is not None and first.book.bids[1].price == 10.8
    assert second.book is None
    assert run("binance-book", tmp_path / "none", trades, symbol="BTCUSDT", more=("--interval", "5m")) == 1


def test_an_end_label_of_eqker_is_the_bars_end(tmp_path: Path) -> None:
    lines = (
        "datetime,open,high,low,close,volume",
        "2019-02-15 16:00:00,2,4,1,3,200",
        "2019-02-15 09:31:00,1,2,1,2,100",
    )
    assert run("eqker", tmp_path / "out", text_file(tmp_path / "e.csv", *lines)) == 0
    assert rows(tmp_path / "out" / "bars.csv")[1:] == [
        ["SPY", "2019-02-15T14:31:00+00:00", "1", "2", "1", "2", "100"],
        ["SPY", "2019-02-15T21:00:00+00:00", "2", "4", "1", "3", "200"],
    ]


@pytest.mark.parametrize("label", ["09:30:00", "16:01:00", "03:15:00", "09:31:30"])
def test_a_label_that_no_eqker_file_has_is_refused(
    label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its header is many others' too: of begins, other zones, coins at night, each read as ends in New York."""
    lines = ("datetime,open,high,low,close,volume", "2019-02-15 16:00:00,2,4,1,3,9", f"2019-02-15 {label},1,2,1,2,8")
    assert run("eqker", tmp_path / "out", text_file(tmp_path / "e.csv", *lines)) == 1
    told = capsys.readouterr().err
    assert f"line 3: 2019-02-15 {label}" in told and "09:31 to 16:00" in told
    assert not (tmp_path / "out").exists()


def test_two_prices_of_one_bar_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lean's files of all symbols have the same names: a glob took the minutes that one had and the other had not."""
    for name in ("spy", "aapl"):
        (tmp_path / name).mkdir()
    spy = zipped(tmp_path / "spy" / "20131007_trade.zip", "34200000,1672700,1673050,1671500,1672500,300")
    other = zipped(
        tmp_path / "aapl" / "20131007_trade.zip", "34200000,10,10,10,10,5", "34260000,4862700,4862700,4862700,4862700,5"
    )
    assert run("lean", tmp_path / "out", spy, other) == 1
    assert "2013-10-07T13:31:00+00:00" in (told := capsys.readouterr().err) and "two symbols" in told
    assert not (tmp_path / "out").exists()
    again = zipped(tmp_path / "20131007_trade.zip", "34200000,1672700,1673050,1671500,1672500,300")
    assert run("lean", tmp_path / "out", spy, again) == 0  # the same bar in both is no contradiction


def test_trades_of_one_time_in_two_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those in both counted twice, of a copy each: its bars had twice their volume."""
    minutes = [f"2024-08-08T23:5{minute}:00Z,10,1,buy" for minute in range(8)]
    trades = text_file(tmp_path / "t.csv", TRADES_HEADER, *minutes[:4])
    copy, month = (text_file(tmp_path / name, TRADES_HEADER, *minutes[2:]) for name in ("copy.csv", "month.csv"))
    for other in (trades, month):
        assert run("binance-book", tmp_path / "out", copy, other) == 1
        assert f"{other}" in (told := capsys.readouterr().err) and "count twice" in told and f"{copy}" in told
    link = tmp_path / "link.csv"
    link.symlink_to(trades)
    assert run("binance-book", tmp_path / "out", trades, link) == 1
    burst = minutes[3].replace(",10,", ",11,")  # one's last moment is the other's first
    after = text_file(tmp_path / "after.csv", TRADES_HEADER, burst, *minutes[4:])
    assert run("binance-book", tmp_path / "out", after, trades) == 0


def test_books_of_an_earlier_import_are_no_part_of_this_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told as "1 bars, 0 books", and the replay published the old books."""
    trade = zipped(tmp_path / "20131007_trade.zip", "34200000,1672700,1673050,1671500,1672500,300")
    quote = zipped(tmp_path / "20131007_quote.zip", "34200000,1,1,1,1672400,200,2,2,2,1672600,500")
    assert run("lean", tmp_path / "out", trade, quote) == 0
    before = rows(tmp_path / "out" / "bars.csv")
    (tmp_path / "later").mkdir()
    later = zipped(tmp_path / "later" / "20131008_trade.zip", "34200000,2,2,2,2,300")
    assert run("lean", tmp_path / "out", later) == 1
    assert f"{tmp_path / 'out' / 'book.csv'}" in (told := capsys.readouterr().err) and "another folder" in told
    assert rows(tmp_path / "out" / "bars.csv") == before


WRONG = {
    "lean name": ("lean", "spy.zip", "34200000,1,1,1,1,1", "is named YYYYMMDD_trade.zip"),
    "lean cells": ("lean", "20131007_trade.zip", "34200000,1,1,1,1", "line 1: 6 cells expected, 5 found"),
    "lean time": ("lean", "20131007_trade.zip", "soon,1,1,1,1,1", "'soon' is no number of milliseconds"),
    "lean price": ("lean", "20131007_trade.zip", "34200000,1,x,1,1,1", "'x' is no price"),
    "lean price as Python writes it": ("lean", "20131007_trade.zip", "34200000,1,1_0,1,1,1", "'1_0' is no price"),
    "lean quotes alone": ("lean", "20131007_quote.zip", "34200000,1,1,1,1,1,1,1,1,1,1", "trade files hold them"),
    "lean hour time": ("lean-hour", "spy.zip", "2013-10-07,1,1,1,1,1", "is no time such as"),
    "no zip": ("lean-hour", "spy.csv", "20131007 09:00,1,1,1,1,1", "cannot be read"),
    "eqker cells": (
        "eqker",
        "e.csv",
        "datetime,open,high,low,close,volume\n2019-02-15 16:00:00,2,4,1",
        "line 2: no bar",
    ),
    "binance header": ("binance-book", "x.csv", "a,b,c", "neither a book's nor the trades' header"),
    "binance number": (
        "binance-book",
        "x.csv",
        TRADES_HEADER + "\n2024-08-08T00:00:00Z,NaN,1,buy",
        "a price is above 0",
    ),
    "binance number as Python writes it": (
        "binance-book",
        "x.csv",
        TRADES_HEADER + "\n2024-08-08T00:00:00Z,1,1_0,buy",
        "size '1_0' is no number",
    ),
    "binance time": ("binance-book", "x.csv", TRADES_HEADER + "\n2024-08-08T00:00:00,1,1,buy", "no UTC offset"),
    "binance one trade": ("binance-book", "x.csv", TRADES_HEADER + "\n2024-08-08T00:00:00Z,1,1,buy", "no closed bar"),
    "eqker header": ("eqker", "x.csv", "time,open", "the header is not"),
    "eqker row": ("eqker", "x.csv", "datetime,open,high,low,close,volume\n15.2.2019,1,2,1,2,1", "line 2: no bar"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_not_of_its_kind_is_named(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kind, file, content, told = WRONG[name]
    make = zipped if file.endswith(".zip") else text_file
    assert run(kind, tmp_path / "out", make(tmp_path / file, content)) == 1
    error = capsys.readouterr().err
    assert error.startswith("not imported: ") and told in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    for more in (("--interval", "5m"), ("--interval", "soon")):
        with pytest.raises(SystemExit) as stopped:
            run("lean", tmp_path / "out", tmp_path, more=more)
        assert stopped.value.code == 2
    with pytest.raises(SystemExit):
        run("lean", tmp_path / "out", tmp_path, symbol="S P Y")


@needs_data
def test_leans_day_goes_through_kafka(tmp_path: Path, replay_market: Settings) -> None:
    """Each line of the trade file is a bar; 390 of them lie in the session, from 09:30 to 16:00."""
    files = sorted((DATA / "bars" / "lean_spy_minute").glob("20131007_*.zip"))
    assert run("lean", tmp_path / "lean", *files) == 0
    assert replay([str(tmp_path / "lean")]) == 0
    with zipfile.ZipFile(files[1]) as archive:
        traded = archive.read(archive.namelist()[0]).decode().splitlines()
    bars = topic_content(replay_market.topics.volume)
    assert [bar["close"] for bar in bars] == [int(line.split(",")[4]) / 10_000 for line in traded]
    slots = topic_content(replay_market.topics.slot)
    assert len([slot for slot in slots if slot["session_open"] is not None]) == 390
    assert len(topic_content(replay_market.topics.deep)) >= 390
    assert topic_content(replay_market.topics.dead_letter) == []


@needs_data
def test_binances_minutes_go_through_kafka(tmp_path: Path, replay_market: Settings) -> None:
    files = sorted((DATA / "book").glob("binance_*.csv"))
    assert run("binance-book", tmp_path / "btc", *files, symbol="BTCUSDT") == 0
    assert replay([str(tmp_path / "btc")]) == 0
    bars = topic_content(replay_market.topics.volume)
    # From 23:54:15 to 00:05:05: the first whole minute begins at 23:55, the last ends at 00:05.
    assert [bar["bar_end"] for bar in bars] == [
        *(f"2024-08-08T23:{minute}:00Z" for minute in range(56, 60)),
        *(f"2024-08-09T00:0{minute}:00Z" for minute in range(6)),
    ]
    (trades,) = (file for file in files if "trades" in file.name)
    inside = [row for row in rows(trades)[1:] if "2024-08-08T23:55" <= row[0] < "2024-08-09T00:05"]
    assert sum(bar["volume"] for bar in bars) == pytest.approx(sum(float(row[2]) for row in inside))
    assert bars[0]["open"] == float(inside[0][1]) and bars[-1]["close"] == float(inside[-1][1])
    books = topic_content(replay_market.topics.deep)
    assert [book["bar_end"] for book in books] == [bar["bar_end"] for bar in bars]
    assert all(len(book["bids"]) == len(book["asks"]) == 10 for book in books)
    for book, bar in zip(books, bars, strict=True):
        assert bar["low"] - 20 < book["bids"][0]["price"] < book["asks"][0]["price"] < bar["high"] + 20
    assert topic_content(replay_market.topics.dead_letter) == []


@needs_data
def test_eqkers_week_and_leans_hours_fit_their_calendar(tmp_path: Path) -> None:
    assert run("eqker", tmp_path / "eqker", DATA / "bars" / "eqker_SPY_1min_2019-02.csv") == 0
    moments = [step for _, step in timeline(Recording(tmp_path / "eqker")) if isinstance(step, Moment)]
    assert len(moments) == 5 * 390 and all(moment.bar is not None for moment in moments)
    assert run("lean-hour", tmp_path / "hours", DATA / "bars" / "lean_spy_hour" / "spy.zip") == 0
    recording = Recording(tmp_path / "hours")
    assert recording.bar_count() == 40_832
    assert [moment.year for moment in recording.span["SPY"]] == [1998, 2021]
