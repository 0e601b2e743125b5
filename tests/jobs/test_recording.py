"""Reading a recording: values, bad rows, wrong files, Parquet."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.recording import Recording
from jobs.recording_facts import RecordingFacts
from jobs.recording_rows import RecordingError, from_microseconds, microseconds
from market.calendars import UnknownCalendar
from market.messages import Bar, Book, Cot, DeadLetter, EconomicRelease, Vix
from tests.jobs.recording_world import HEADERS, at, bar_line, book_line, write_recording


def only(recording: Recording, kind: str) -> list[object]:
    return [message for _, message in recording.messages(kind)]


def test_bar_holds_the_rows_values_and_is_known_at_its_end(tmp_path: Path) -> None:
    write_recording(tmp_path, bars=["BTC,2024-01-08T03:00:00+02:00,100,102,99,101,"])
    (bar,) = only(Recording(tmp_path), "bars")
    assert isinstance(bar, Bar)
    end = datetime(2024, 1, 8, 1, tzinfo=UTC)
    assert (bar.bar_end, bar.known_at, bar.received_at, bar.source_time) == (end, end, end, end - timedelta(hours=1))
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.source) == (100, 102, 99, 101, None, "test")


def test_slow_messages_hold_the_rows_values(tmp_path: Path) -> None:
    write_recording(
        tmp_path,
        bars=[bar_line(1)],
        vix=["2024-01-05,2024-01-05T21:15:00Z,13.35"],
        cot=["099741,2024-01-02T00:00:00Z,2024-01-05T20:30:00Z,asset_manager,10,20,,-3,1.5,"],
        economic=["United States,nonfarm_payrolls,3,2024-01-05T13:30:00Z,216000,,173000"],
    )
    recording = Recording(tmp_path)
    (vix,), (cot,), (release,) = (only(recording, kind) for kind in ("vix", "cot", "economic"))
    assert isinstance(vix, Vix) and (vix.as_of, vix.value) == (datetime(2024, 1, 5, tzinfo=UTC), 13.35)
    assert vix.received_at == vix.known_at == datetime(2024, 1, 5, 21, 15, tzinfo=UTC)
    assert isinstance(cot, Cot) and (cot.contract, cot.long, cot.short, cot.long_change) == ("099741", 10, 20, None)
    assert (cot.short_change, cot.long_oi_pct, cot.short_oi_pct) == (-3, 1.5, None)
    assert isinstance(release, EconomicRelease) and (release.actual, release.forecast) == (216000, None)
    assert (release.importance, release.known_at) == (3, release.released_at)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("BTC,2024-01-08T02:00:00Z,abc,102,99,101,5", "open = 'abc'"),
        ("BTC,2024-01-08T02:00:00Z,,102,99,101,5", "open = None"),
        ("BTC,2024-01-08T02:00:00Z,nan,102,99,101,5", "open = 'nan'"),
        ("BTC,2024-01-08T02:00:00Z,1_0,102,99,101,5", "open = '1_0': not a number"),
        ("BTC,2024-01-08T02:00:00Z,100,102,99,101,1_000.5", "volume = '1_000.5': not a number"),
        ("BTC,2024-01-08T02:00:00Z,100,102,99,101,-5", "volume = '-5'"),
        ("BTC,2024-01-08T02:00:00Z,100,90,99,101,5", "high 90.0"),
        ("BTC,2024-01-08T02:00:00,100,102,99,101,5", "no UTC offset"),
        ("BTC,yesterday,100,102,99,101,5", "bar_end = 'yesterday'"),
        ("BTC,,100,102,99,101,5", "bar_end = None"),
        ("B T C,2024-01-08T02:00:00Z,100,102,99,101,5", "symbol = 'B T C'"),
        ("BTC,2024-01-08T02:00:00Z,100,102,99,101", "7 columns expected, 6 found"),
        ("BTC,2024-01-08T02:00:00Z,100,102,99,101,5,6", "7 columns expected, 8 found"),
    ],
)
def test_bad_row_becomes_a_dead_letter_and_the_rest_goes_on(tmp_path: Path, row: str, named: str) -> None:
    write_recording(tmp_path, bars=[bar_line(1), row, bar_line(3)])
    first, bad, last = only(Recording(tmp_path), "bars")
    assert isinstance(first, Bar) and isinstance(last, Bar)
    assert isinstance(bad, DeadLetter) and bad.source == "bars.csv"
    assert bad.reason.startswith("bars.csv line 3: ") and named in bad.reason
    assert "100" in bad.payload or "102" in bad.payload  # the whole row, to mend it by


def test_a_byte_that_is_no_text_spoils_its_row_only(tmp_path: Path) -> None:
    write_recording(tmp_path, bars=[])
    content = f"{HEADERS['bars']}\n{bar_line(1)}\n".encode() + b"\xff" + f"{bar_line(2)}\n{bar_line(3)}\n".encode()
    (tmp_path / "bars.csv").write_bytes(b"\xef\xbb\xbf" + content)  # a byte order mark too, as spreadsheets write it
    recording = Recording(tmp_path)
    assert [type(message) for message in only(recording, "bars")] == [Bar, DeadLetter, Bar]
    assert recording.symbols == ["BTC"]


@pytest.mark.parametrize(
    ("kind", "row", "named"),
    [
        ("book", "BTC,2024-01-08T00:30:00Z,1_00,1,101,2", "bid_price_0 = '1_00': not a number"),
        ("book", "BTC,2024-01-08T00:30:00Z,100,1,101,2_0", "ask_size_0 = '2_0': not a number"),
        ("vix", "2024-01-05,2024-01-05T21:15:00Z,1_3.35", "value = '1_3.35': not a number"),
        ("cot", "099741,2024-01-02,2024-01-05T20:30:00Z,asset_manager,1_0,20,,-3,1.5,", "long = '1_0': not a number"),
        ("cot", "099741,2024-01-02,2024-01-05T20:30:00Z,asset_manager,10,20,,-3,1_5,", "long_oi_pct = '1_5'"),
        ("economic", "United States,gdp,0_3,2024-01-05T13:30:00Z,2.5,,", "importance = '0_3': not a number"),
        ("economic", "United States,gdp,3,2024-01-05T13:30:00Z,2_5,,", "actual = '2_5': not a number"),
    ],
)
def test_pythons_own_way_to_write_a_number_is_none_of_a_file(tmp_path: Path, kind: str, row: str, named: str) -> None:
    write_recording(tmp_path, bars=[bar_line(1)], **{kind: [row]})
    (bad,) = only(Recording(tmp_path), kind)
    assert isinstance(bad, DeadLetter)
    assert bad.reason.startswith(f"{kind}.csv line 2: ") and named in bad.reason


def test_true_is_no_number(tmp_path: Path) -> None:
    folder = write_recording(tmp_path, bars=[bar_line(1)])
    times = {"as_of": ["2024-01-05T00:00:00Z"], "known_at": ["2024-01-05T21:15:00Z"]}
    pd.DataFrame({**times, "value": [True]}).to_parquet(folder / "vix.parquet")
    (bad,) = only(Recording(folder), "vix")
    assert isinstance(bad, DeadLetter) and "value = True: not a number" in bad.reason


def test_positions_known_before_they_were_are_refused(tmp_path: Path) -> None:
    cot = "099741,2024-01-09T00:00:00Z,2024-01-05T20:30:00Z,asset_manager,10,20,,,,"
    write_recording(tmp_path, bars=[bar_line(1)], cot=[cot])
    (bad,) = only(Recording(tmp_path), "cot")
    assert isinstance(bad, DeadLetter) and "known before it was" in bad.reason


def test_book_levels_end_at_the_first_empty_price(tmp_path: Path) -> None:
    time = at(0.5).isoformat()
    rows = [
        f"BTC,{time},100,1,101,2,99,3,,",
        f"BTC,{time},101,1,100,2,,,,",  # crossed
        f"BTC,{time},,,101,2,99,3,,",  # a hole
        f"BTC,{time},100,,101,2,,,,",  # a price without size
        f"BTC,{time},,,,,,,,",  # nobody quotes
    ]
    write_recording(tmp_path, bars=[bar_line(1)], book=rows, book_levels=2)
    book, *bad = only(Recording(tmp_path), "book")
    assert isinstance(book, Book) and ([level.price for level in book.bids], len(book.asks)) == ([100, 99], 1)
    reasons = [letter.reason for letter in bad if isinstance(letter, DeadLetter)]
    assert len(reasons) == 4
    assert "crossed" in reasons[0] and "level before it is empty" in reasons[1] and "size" in reasons[2]
    assert "both sides of the book are empty" in reasons[3]


@pytest.mark.parametrize("kind", ["bars", "book", "vix", "cot", "economic"])
def test_missing_column_is_named(tmp_path: Path, kind: str) -> None:
    write_recording(tmp_path, bars=[bar_line(1)])
    (tmp_path / f"{kind}.csv").write_text("symbol,value\n")
    with pytest.raises(RecordingError, match=rf"{kind}\.csv: column .* missing"):
        Recording(tmp_path)


@pytest.mark.parametrize("column", ["close", " close ", "bar_end"])
def test_of_a_column_that_is_there_twice_neither_is_read(tmp_path: Path, column: str) -> None:
    write_recording(tmp_path, bars=[bar_line(1)])
    header, row = (tmp_path / "bars.csv").read_text().splitlines()
    (tmp_path / "bars.csv").write_text(f"{header},{column}\n{row},101.5\n")
    with pytest.raises(RecordingError, match=rf"bars\.csv: column {column.strip()} is there twice"):
        Recording(tmp_path)


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('calendar = "24/7', "not valid TOML"),
        ('calendar = "24/7"\nbar_interval = "soon"', "bar_interval = 'soon'"),
        ('calendar = "24/7"\nalignment = "left"', "alignment"),
    ],
)
def test_wrong_toml_is_named(tmp_path: Path, toml: str, named: str) -> None:
    write_recording(tmp_path, bars=[bar_line(1)], toml=toml)
    with pytest.raises(RecordingError, match=named):
        Recording(tmp_path)


def test_unknown_calendar_is_named(tmp_path: Path) -> None:
    write_recording(tmp_path, bars=[bar_line(1)], toml='calendar = "MOON"\nbar_interval = "1h"\n')
    with pytest.raises(UnknownCalendar, match="MOON"):
        Recording(tmp_path)


def test_folder_without_bars_or_with_two_of_them_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no bars\.csv"):
        Recording(write_recording(tmp_path / "empty"))
    both = write_recording(tmp_path / "both", bars=[bar_line(1)])
    (both / "bars.parquet").touch()
    with pytest.raises(RecordingError, match="keep one"):
        Recording(both)
    with pytest.raises(RecordingError, match="not a folder"):
        Recording(tmp_path / "nowhere")


def test_a_symbol_without_calendar_needs_the_toml(tmp_path: Path) -> None:
    write_recording(tmp_path, bars=[bar_line(1)], toml=None)
    with pytest.raises(RecordingError, match=r"BTC unknown; write them into recording\.toml"):
        _ = Recording(tmp_path).symbols


def test_bars_off_the_calendars_grid_are_refused(tmp_path: Path) -> None:
    """New York's hourly slots are counted from 09:30 unless the recording says that its bars follow the clock."""
    hours = [15, 16, 17, 18]  # 10:00 to 13:00 in New York
    bars = [bar_line(hour, "SPY") for hour in hours]
    toml = 'calendar = "XNYS"\nbar_interval = "1h"\n'
    with pytest.raises(RecordingError, match='alignment "open"'):
        _ = Recording(write_recording(tmp_path / "open", bars=bars, toml=toml)).symbols
    by_clock = write_recording(tmp_path / "clock", bars=bars, toml=toml + 'alignment = "clock"\n')
    assert Recording(by_clock).symbols == ["SPY"]


HALVES, DAYS = [n / 2 for n in range(2, 40)], [24 * n for n in range(1, 20)]
HOURS = [bar_line(n) for n in range(1, 20)]
IN_NEW_YORK = [14.5 + n / 2 for n in range(1, 14)]  # half hours of one session, 10:00 to 16:00


@pytest.mark.parametrize(
    ("calendar", "lines", "named"),
    [
        ("24/7", [bar_line(hour) for hour in HALVES], "19 of the first 38 BTC bars"),
        ("XNYS", [bar_line(hour, "SPY") for hour in IN_NEW_YORK], "6 of the first 13 SPY bars"),
        ("24/7", [*HOURS, *(bar_line(n / 12, "ETH") for n in range(1, 120))], "110 of the first 119 ETH bars"),
        ("24/7", [*HOURS, *(bar_line(n + 1 / 6, "ETH") for n in range(1, 20))], "19 of the first 19 ETH bars"),
        ("24/7", [bar_line(hour) for hour in DAYS], "BTC bars lie 24 slots of 1:00:00 apart"),
        ("24/7", [bar_line(4 * n) for n in range(1, 12)], "BTC bars lie 4 slots of 1:00:00 apart"),
        ("24/7", [*HOURS, *(bar_line(hour, "ETH") for hour in DAYS if hour != 120)], "ETH bars lie 24 slots"),
    ],
)
def test_bars_of_another_length_are_refused_of_each_symbol(
    calendar: str, lines: list[str], named: str, tmp_path: Path
) -> None:
    """Half hours and days that are taken for hours would give features of no market."""
    write_recording(tmp_path, toml=f'calendar = "{calendar}"\nbar_interval = "1h"\n', bars=lines)
    with pytest.raises(RecordingError, match=rf"{named}.*recording\.toml"):
        _ = Recording(tmp_path).symbols


def test_hours_of_new_york_are_no_half_hours_although_the_last_one_is(tmp_path: Path) -> None:
    """16:00 follows 15:30: the day's last bar has the length of the slots, and the others have not."""
    ends = [f"2024-01-0{day}T{clock}:00+00:00" for day in (2, 3, 4, 5)
            for clock in ("15:30", "16:30", "17:30", "18:30", "19:30", "20:30", "21:00")]  # fmt: skip
    bars = [f"SPY,{end},100,102,99,101,5" for end in ends]
    write_recording(tmp_path / "as_half", toml='calendar = "XNYS"\nbar_interval = "30m"\n', bars=bars)
    with pytest.raises(RecordingError, match="SPY bars lie 2 slots of 0:30:00 apart"):
        _ = Recording(tmp_path / "as_half").symbols
    write_recording(tmp_path / "as_hour", toml='calendar = "XNYS"\nbar_interval = "1h"\n', bars=bars)
    assert Recording(tmp_path / "as_hour").symbols == ["SPY"]


def test_a_market_that_is_traded_now_and_then_is_none_of_longer_bars(tmp_path: Path) -> None:
    hours = [1, 4, 9, 11, 18, 20, 25, 33, 36, 47, 49, 58]  # never two in a row, and no length in common
    assert Recording(write_recording(tmp_path / "thin", bars=[bar_line(hour) for hour in hours])).symbols == ["BTC"]
    few = write_recording(tmp_path / "few", bars=[bar_line(24 * n) for n in range(1, 6)])
    assert Recording(few).symbols == ["BTC"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_at_the_end_of_all_calendars_is_a_bad_row(moment: str, tmp_path: Path) -> None:
    write_recording(tmp_path, bars=[bar_line(1), f"BTC,{moment},100,102,99,101,5"])
    recording = Recording(tmp_path)
    assert recording.span == {"BTC": (at(1), at(1))}
    bar, letter = only(recording, "bars")
    assert isinstance(bar, Bar) and isinstance(letter, DeadLetter)
    assert f"bars.csv line 3: bar_end = '{moment}': " in letter.reason


def test_parquet_that_is_broken_behind_its_schema_is_named(tmp_path: Path) -> None:
    folder = write_recording(tmp_path)
    frame = pd.DataFrame(
        [line.split(",") for line in (bar_line(n) for n in range(1, 500))], columns=HEADERS["bars"].split(",")
    )
    frame.to_parquet(folder / "bars.parquet")
    content = bytearray((folder / "bars.parquet").read_bytes())
    content[4:200] = bytes(255 - each for each in content[4:200])
    (folder / "bars.parquet").write_bytes(content)
    with pytest.raises(RecordingError, match=r"bars\.parquet cannot be read: "):
        _ = Recording(folder).symbols


def test_parquet_times_that_no_calendar_has_are_named(tmp_path: Path) -> None:
    folder = write_recording(tmp_path)
    frame = pd.DataFrame([bar_line(1).split(",")], columns=HEADERS["bars"].split(","))
    table = pa.Table.from_pandas(frame.drop(columns="bar_end"))
    ends = pa.array([2**62], pa.timestamp("us", "UTC"))
    pq.write_table(table.append_column("bar_end", ends), folder / "bars.parquet")
    with pytest.raises(RecordingError, match=r"bars\.parquet cannot be read: .*out of range"):
        _ = Recording(folder).symbols


def test_the_dead_letter_of_a_giant_row_is_one_that_kafka_takes(tmp_path: Path) -> None:
    write_recording(tmp_path, bars=[bar_line(1), "BTC," + ",".join(['""x""' * 20] * 40_000), bar_line(2)])
    first, letter, second = only(Recording(tmp_path), "bars")
    assert isinstance(first, Bar) and isinstance(second, Bar) and isinstance(letter, DeadLetter)
    assert len(letter.to_bytes()) < 1_000_000  # its topic takes more, a producer does not
    assert letter.reason.startswith("bars.csv line 3: 7 columns expected, 40001 found")
    assert "the payload's first" in letter.reason


@pytest.mark.parametrize("interval", ['"99999999999d"', "99999999999999", '"367d"'])
def test_a_bar_interval_of_years_is_named(interval: str, tmp_path: Path) -> None:
    write_recording(tmp_path, bars=[bar_line(1)], toml=f'calendar = "24/7"\nbar_interval = {interval}\n')
    with pytest.raises(RecordingError, match=r"recording\.toml: bar_interval = "):
        Recording(tmp_path)


def test_no_level_of_a_book_is_left_out_for_one_before_it_without_columns(tmp_path: Path) -> None:
    write_recording(tmp_path, bars=[bar_line(1)])
    cells = [f"{cell}_{level}" for level in (0, 2) for cell in ("bid_price", "bid_size", "ask_price", "ask_size")]
    row = f"BTC,{at(0.5).isoformat()},100,1,101,1,99,5,102,7"
    (tmp_path / "book.csv").write_text(f"{','.join(['symbol', 'snapshot_at', *cells])}\n{row}\n")
    with pytest.raises(RecordingError, match=r"book\.csv: level 2 without level 1"):
        Recording(tmp_path)


@pytest.mark.parametrize(("text", "minutes"), [("1h", 60), ("5m", 5), ("15 min", 15), ("1d", 1440), ("30", 30), (5, 5)])
def test_bar_interval_forms(text: object, minutes: int) -> None:
    facts = RecordingFacts.model_validate({"bar_interval": text})
    assert facts.bar_interval == timedelta(minutes=minutes)


def test_parquet_reads_as_the_csv_does(tmp_path: Path) -> None:
    lines: dict[str, Any] = {
        "bars": [bar_line(1), bar_line(2).replace(",5", ","), bar_line(3).replace("102", "1")],
        "book": [book_line(0.5), book_line(1.5, bid=7)],
        "vix": ["2024-01-05T00:00:00Z,2024-01-05T21:15:00Z,13.35"],
        "cot": ["099741,2024-01-02T00:00:00Z,2024-01-05T20:30:00Z,asset_manager,10,20,,-3,1.5,"],
        "economic": ["United States,gdp,3,2024-01-05T13:30:00Z,2.5,,"],
    }
    as_csv = Recording(write_recording(tmp_path / "csv", **lines))
    folder = write_recording(tmp_path / "parquet")
    for kind in lines:
        frame = pd.read_csv(tmp_path / "csv" / f"{kind}.csv", dtype={"contract": str})
        for column in frame.columns:
            if column.endswith("_at") or column in ("bar_end", "as_of"):
                # London's clock and nanoseconds: other forms of the same moments
                frame[column] = pd.to_datetime(frame[column], utc=True).dt.tz_convert("Europe/London")
        frame.to_parquet(folder / f"{kind}.parquet")
    as_parquet = Recording(folder)
    for kind in lines:
        expected, found = only(as_csv, kind), only(as_parquet, kind)
        assert [m for m in found if not isinstance(m, DeadLetter)] == [
            m for m in expected if not isinstance(m, DeadLetter)
        ]
        assert [type(m) for m in found] == [type(m) for m in expected]
    assert as_parquet.span == as_csv.span


def test_parquet_times_without_offset_are_refused(tmp_path: Path) -> None:
    folder = write_recording(tmp_path)
    frame = pd.DataFrame(columns=HEADERS["bars"].split(","))
    frame["bar_end"] = pd.to_datetime(frame["bar_end"])
    frame.to_parquet(folder / "bars.parquet")
    with pytest.raises(RecordingError, match="bar_end holds times without UTC offset"):
        Recording(folder)


def test_file_out_of_order_is_read_in_order(tmp_path: Path) -> None:
    write_recording(tmp_path, bars=[bar_line(3), bar_line(1), "BTC,never,1,1,1,1,1", bar_line(2)])
    ends = [message.bar_end for message in only(Recording(tmp_path), "bars") if isinstance(message, Bar)]
    assert ends == [at(1), at(2), at(3)]


def test_counts_and_the_end_of_history(tmp_path: Path) -> None:
    lines = [bar_line(hour, symbol) for hour in (1, 2, 3) for symbol in ("BTC", "ETH")]
    recording = Recording(write_recording(tmp_path, bars=lines))
    assert (recording.bar_count(), recording.bar_count(at(1)), recording.bar_count(at(1), at(2))) == (6, 4, 2)
    assert recording.history_end(1) == at(2)
    assert recording.history_end(3) is None
    assert recording.span == {"BTC": (at(1), at(3)), "ETH": (at(1), at(3))}


def test_microseconds_are_exact() -> None:
    moment = datetime(2024, 1, 8, 1, 2, 3, 456789, tzinfo=UTC)
    assert from_microseconds(microseconds(moment)) == moment
    assert microseconds(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1_000_000
