"""Files of Lean that are not US stocks' minutes or hours, or are broken: each is refused by name, none read as one."""

import zipfile
from pathlib import Path

import pytest

from jobs.import_recording import main

DAY = "20140303"
STOCK = [f"{34_200_000 + minute * 60_000},812300,812500,812100,812400,{minute + 1}" for minute in range(30)]
COIN = [f"{minute * 60_000},561.{minute + 10},562.4,560.05,561.7,0.25" for minute in range(60)]
INDEX = [f"{30_600_000 + minute * 60_000},1840.{minute + 10},1841,1839.5,1840,7" for minute in range(30)]


def zipped(path: Path, **members: list[str]) -> Path:
    """A zip at `path`, its folders included, of members called NAME.csv; __ is a folder's slash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in members.items():
            archive.writestr(f"{name.replace('__', '/')}.csv", "".join(f"{line}\n" for line in lines))
    return path


def minute_file(folder: Path, lines: list[str], kind: str = "trade") -> Path:
    return zipped(folder / f"{DAY}_{kind}.zip", **{f"{DAY}_x_minute_{kind}": lines})


def imported(kind: str, out: Path, *files: Path) -> int:
    return main([kind, *map(str, files), "--out", str(out), "--symbol", "X"])


def refused(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], *files: Path) -> str:
    """The one line that says why, after which nothing is written."""
    assert imported(kind, tmp_path / "out", *files) == 1
    told = capsys.readouterr().err
    assert told.startswith("not imported: ") and told.count("\n") == 1
    assert not (tmp_path / "out").exists()
    return told


@pytest.mark.parametrize("market", ["crypto/coinbase", "equity/india", "index/usa", "cryptofuture/binance"])
def test_minutes_of_another_market_are_refused_by_their_folder(
    market: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """India's were 09:15 of New York's clock, and nothing in the file says that they are not."""
    told = refused("lean", tmp_path, capsys, minute_file(tmp_path / "Data" / market / "minute" / "x", STOCK))
    assert f"{market}/minute" in told and "equity/usa/minute" in told


def test_us_stocks_are_read_from_leans_folders_and_from_others(tmp_path: Path) -> None:
    lean = tmp_path / "Data" / "equity" / "usa"
    assert imported("lean", tmp_path / "a", minute_file(lean / "minute" / "x", STOCK)) == 0
    assert imported("lean", tmp_path / "b", minute_file(tmp_path / "crypto", STOCK)) == 0  # no folders of Lean's
    hours = ["20140303 09:00,812300,812500,812100,812400,9", "20140303 10:00,812300,812500,812100,812400,8"]
    assert imported("lean-hour", tmp_path / "c", zipped(lean / "hour" / "x.zip", x=hours)) == 0


def test_a_second_file_is_no_minute_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has a minute file's name, and its bars would end a minute after each second."""
    seconds = [f"{34_200_000 + second * 1000},812300,812500,812100,812400,1" for second in range(90)]
    folder = tmp_path / "equity" / "usa" / "second" / "x"
    assert "equity/usa/second" in refused("lean", tmp_path, capsys, minute_file(folder, seconds))
    assert "'34201000'" in refused("lean", tmp_path, capsys, minute_file(tmp_path, seconds))


@pytest.mark.parametrize("lines", [COIN, INDEX], ids=["coin", "index"])
def test_prices_that_are_not_times_10000_are_refused(
    lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other markets' are as quoted: a coin at 561.10 came out at 0.05611, on New York's clock."""
    assert "times 10,000" in refused("lean", tmp_path, capsys, minute_file(tmp_path, lines))


def test_a_quote_files_prices_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quote = [f"{34_200_000 + n * 60_000},1,1,1,1.387{n:02},0,1,1,1,1.388{n:02},0" for n in range(10, 40)]
    files = minute_file(tmp_path, STOCK), minute_file(tmp_path, quote, "quote")
    assert "times 10,000" in refused("lean", tmp_path, capsys, *files)


def test_a_price_finer_than_a_hundredth_of_a_cent_is_read(tmp_path: Path) -> None:
    """Lean writes price times 10,000 exactly: a fill between two quotes leaves a fraction in a row or two."""
    lines = [*STOCK[:-1], "35940000,812300,812500.5,812100.0,812400,3"]
    assert imported("lean", tmp_path / "out", minute_file(tmp_path, lines)) == 0
    assert (tmp_path / "out" / "bars.csv").read_text().splitlines()[-1] == (
        "X,2014-03-03T15:00:00+00:00,81.23,81.25005,81.21,81.24,3"
    )


def test_a_daily_file_is_no_hour_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has an hour file's form: the whole day's bar, its close too, was known at one in the morning."""
    daily = [f"201403{day:02} 00:00,812300,812500,812100,812400,9" for day in range(3, 8)]
    told = refused("lean-hour", tmp_path, capsys, zipped(tmp_path / "x.zip", x=daily))
    assert "midnight" in told and "daily" in told
    folder = tmp_path / "equity" / "usa" / "daily"
    assert "equity/usa/daily" in refused("lean-hour", tmp_path, capsys, zipped(folder / "x.zip", x=daily))


def test_a_zip_of_several_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A future's has one a contract, and the first one was taken."""
    path = zipped(tmp_path / f"{DAY}_trade.zip", x_minute_trade_201403=STOCK, x_minute_trade_201406=STOCK)
    told = refused("lean", tmp_path, capsys, path)
    assert "x_minute_trade_201403.csv, x_minute_trade_201406.csv" in told


def test_a_folder_in_the_zip_is_no_file(tmp_path: Path) -> None:
    """Lean's own tapa.zip has one, and packers add an entry for it, which came out as a file without rows."""
    path = tmp_path / f"{DAY}_trade.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/", "")
        archive.writestr(f"x/{DAY}_x_minute_trade.csv", "\n".join(STOCK))
        archive.writestr(f"__MACOSX/x/._{DAY}_x_minute_trade.csv", "\0\5\7")
    assert imported("lean", tmp_path / "out", path) == 0


def test_a_day_that_the_zip_and_its_file_tell_apart_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Some of Lean's zips hold the next day's file."""
    with zipfile.ZipFile(tmp_path / f"{DAY}_trade.zip", "w") as archive:
        archive.writestr("20140304_x_minute_trade.csv", "\n".join(STOCK))
    told = refused("lean", tmp_path, capsys, tmp_path / f"{DAY}_trade.zip")
    assert "20140304_x_minute_trade.csv" in told


@pytest.mark.parametrize("label", ["1393857000000", "86400000", "9" * 30, "34200001"])
def test_a_label_that_begins_no_minute_of_the_day_is_refused(
    label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Milliseconds since 1970 gave a bar of the year 2058."""
    lines = [f"{label},812300,812500,812100,812400,1"]
    assert f"'{label}'" in refused("lean", tmp_path, capsys, minute_file(tmp_path, lines))


def test_a_name_without_a_day_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = zipped(tmp_path / "20140231_trade.zip", x=STOCK)
    assert "20140231" in refused("lean", tmp_path, capsys, path)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_broken_inside_is_refused(method: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error of the method itself, zlib's as lzma's, ended the command with a traceback."""
    path, name = tmp_path / f"{DAY}_trade.zip", f"{DAY}_x_minute_trade.csv"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(name, "".join(f"{line}\n" for line in STOCK))
    content = bytearray(path.read_bytes())
    begin = 30 + len(name) + (9 if method == zipfile.ZIP_LZMA else 0)  # behind the name, and lzma's own properties
    content[begin : begin + 8] = b"\xff" * 8  # nothing that is packed begins so
    path.write_bytes(content)
    assert "cannot be read" in refused("lean", tmp_path, capsys, path)


def test_a_zip_with_a_password_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = minute_file(tmp_path, STOCK)
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag of an encrypted member, in its own header and in the directory's
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "cannot be read" in refused("lean", tmp_path, capsys, path)
