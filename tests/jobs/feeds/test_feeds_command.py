"""`python -m jobs.feeds` as a person calls it, against a real server."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from jobs.feeds.__main__ import main
from jobs.feeds.checks import ensure_no_jump
from jobs.feeds.publish import address
from market.console import READER_GONE, run_command
from market.errors import SourceError
from market.messages import Bar, Book, Cot, DeadLetter, Vix
from market.settings import ROOT, TopicSettings
from tests.jobs.feeds.exchange_samples import (
    BINANCE_BOOK,
    BINANCE_MARKETS,
    coinbase_bars,
    coinbase_book,
    kraken_bars,
    kraken_book,
    kraken_row,
    tradier_bar,
    tradier_series,
)
from tests.jobs.feeds.samples import VIX_CSV, book_body, cot_row, disaggregated_week, equity_body, level
from tests.jobs.feeds.server import Answer, body, serving
from tests.jobs.feeds.test_cftc_disaggregated import ROW
from tests.stack import changed_environment

TOKEN = "k3y+of/mine"
LABELS = ["2024-03-20 12:45:00", "2024-03-20 12:40:00", "2024-03-20 12:35:00"]
TODAY = datetime.now(UTC)  # an exchange's book must be of today
TODAY_S = int(TODAY.timestamp())
BEGAN = (1710952500, 1710952800)  # 2024-03-20 16:35 and 16:40 UTC, four hours later than New York
KRAKEN_BOOK = body(json.dumps(kraken_book([["64000.1", "1.25", TODAY_S]], [["64000.2", "0.75", TODAY_S]])))
KRAKEN_BARS = body(json.dumps(kraken_bars([kraken_row(start) for start in BEGAN], last=BEGAN[0])))
COINBASE_BOOK = body(json.dumps(coinbase_book(time=TODAY.isoformat())))
COINBASE_BARS = body(json.dumps(coinbase_bars([*reversed(BEGAN)])))
TRADIER_BARS = [tradier_bar(BEGAN[0], "2024-03-20T12:35:00"), tradier_bar(BEGAN[1], "2024-03-20T12:40:00")]
GOOD: dict[str, tuple[str, Answer, type, int]] = {
    "alpha_vantage": ("MSFT", body(json.dumps(equity_body(LABELS))), Bar, 2),
    "iex_deep": (
        "SPY",
        body(json.dumps(book_body([level(99.5, at=1000 * TODAY_S)], [level(100, at=1000 * TODAY_S)]))),
        Book,
        1,
    ),
    "cboe": ("VIX", body(VIX_CSV.replace("2026", "2024").replace("11/1", "12/1"), "text/csv"), Vix, 3),
    "cftc": ("13874A", body(json.dumps([cot_row("2024-11-12")])), Cot, 2),
    "cftc_disaggregated": ("067651", body(json.dumps([ROW])), Cot, 1),
    "cftc_disaggregated_weekly": ("067651", body(disaggregated_week(), "text/plain"), Cot, 1),
    "cftc_weekly": ("13874A", body(json.dumps([cot_row("2024-11-12")])), Cot, 2),
    "ccxt_kraken": ("BTC/USD", KRAKEN_BOOK, Book, 1),
    "tradier": ("SPY", body(json.dumps(tradier_series(TRADIER_BARS))), Bar, 2),
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MARKET_FEEDS__ALPHA_VANTAGE__TOKEN": TOKEN}
    command = [sys.executable, "-m", "jobs.feeds", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False, timeout=60)


def unread(*arguments: str) -> tuple[int, str]:
    """Exit status and standard error of a command whose output nobody reads, as `| head -1` when it is through."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    return process.returncode, told


@pytest.mark.parametrize("rows", [1, 3000])  # one fits into the pipe's buffer, which is written at the end
def test_a_reader_that_goes_away_ends_the_command_quietly(rows: int) -> None:
    first = date(2012, 1, 3)
    days = [first + timedelta(days=day) for day in range(2 * rows) if (first + timedelta(days=day)).weekday() < 5]
    text = "DATE,OPEN,HIGH,LOW,CLOSE\r\n" + "".join(f"{day:%m/%d/%Y},18.1,19.2,17.9,18.4\r\n" for day in days[:rows])
    with serving(body("", status=404), body(text, "text/csv")) as server:
        given = ["cboe", "--symbol", "VIX", "--base-url", server.url, "--dry-run"]
        assert unread("jobs.feeds", *given) == (READER_GONE, "")


def test_a_broken_pipe_of_a_command_s_own_is_an_error() -> None:
    def broken() -> int:
        raise BrokenPipeError("the server hung up")

    with pytest.raises(BrokenPipeError, match="hung up"):
        run_command(broken)
    assert [run_command(lambda status=status: status) for status in (None, 0, 3)] == [0, 0, 3]


def test_a_dry_run_prints_messages_and_a_failure_one_line() -> None:
    with serving(
        GOOD["alpha_vantage"][1], body(json.dumps({"Information": f"key {TOKEN}: 25 requests per day"}))
    ) as server:
        good = run("alpha_vantage", "--symbol", "MSFT", "--base-url", server.url, "--dry-run")
        bad = run("alpha_vantage", "--symbol", "MSFT", "--base-url", server.url, "--dry-run")
        assert "apikey=k3y%2Bof%2Fmine" in server.asked[0][0]
    assert (good.returncode, good.stderr) == (0, "")
    assert [Bar.model_validate_json(line).volume for line in good.stdout.splitlines()] == [1200, 1200]
    assert (bad.returncode, bad.stdout, bad.stderr.count("\n")) == (2, "", 1)
    told = json.loads(bad.stderr)
    assert (told["error"], told["source"]) == ("rate_limited", "alpha_vantage")
    assert "k3y" not in good.stdout + good.stderr + bad.stderr


@pytest.mark.parametrize("source", GOOD)
def test_each_source_prints_its_topics_messages(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    symbol, answer, model, count = GOOD[source]
    with serving(answer) as server:
        assert main([source, "--symbol", symbol, "--base-url", server.url, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [type(model.model_validate_json(line)) for line in lines] == [model] * count  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "answer", "expected"),
    [
        (["kraken"], KRAKEN_BOOK, [(Book, "ccxt_kraken")]),
        (["ccxt_kraken", "--book"], KRAKEN_BOOK, [(Book, "ccxt_kraken")]),
        (["ccxt_kraken", "--bars"], KRAKEN_BARS, [(Bar, "ccxt_kraken")]),
        (["ccxt", "--exchange", "kraken", "--bars"], KRAKEN_BARS, [(Bar, "ccxt_kraken")]),
        (["coinbase", "--book"], COINBASE_BOOK, [(Book, "ccxt_coinbase")]),
        (["coinbase", "--bars"], COINBASE_BARS, [(Bar, "ccxt_coinbase")] * 2),
    ],
)
def test_one_exchange_answers_two_feeds(
    arguments: list[str],
    answer: Answer,
    expected: list[tuple[type[Book] | type[Bar], str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(answer) as server:
        assert main([*arguments, "--symbol", "BTC/USD", "--base-url", server.url, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    messages = [model.model_validate_json(line) for line, (model, _) in zip(lines, expected, strict=True)]
    assert [(type(message), message.source) for message in messages] == expected
    assert {message.symbol for message in messages} == {"BTC/USD"}


def test_an_exchange_of_ones_choice_is_asked_for_its_markets_and_a_dry_run_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["ccxt", "--exchange", "binance", "--symbol", "LTC/USDT", "--dry-run"]
    variables = {"MARKET_LOCAL__VAR": str(tmp_path)}
    markets, book = body(BINANCE_MARKETS), body(BINANCE_BOOK)
    with serving(markets, book, markets, book) as server, changed_environment(variables):
        assert [main([*arguments, "--base-url", server.url]) for _ in range(2)] == [0, 0]
        asked = [path.partition("?")[0] for path, _ in server.asked]
    assert asked == ["/api/v3/exchangeInfo", "/api/v3/depth"] * 2
    books = [Book.model_validate_json(line) for line in capsys.readouterr().out.splitlines()]
    assert [(book.symbol, book.bids[0].price) for book in books] == [("LTC/USDT", 4.0)] * 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", GOOD)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (body(TOKEN, status=403), "auth"),
        (body(TOKEN, status=404), "bad_request"),
        (body(TOKEN, status=429, Retry_After="99"), "rate_limited"),
        (body(TOKEN, "text/html"), "schema_changed"),
        (body(f'{{"{TOKEN}": "{TOKEN}"}}'), "schema_changed"),
        (body(f'{{"{TOKEN}": 1, "{TOKEN}": 2}}'), "implausible"),
    ],
)
def test_no_failure_tells_the_token(source: str, answer: Answer, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    environment = {f"MARKET_FEEDS__{source.upper()}__TOKEN": TOKEN}
    with serving(answer) as server, changed_environment(environment):
        status = main([source, "--symbol", GOOD[source][0], "--base-url", server.url, "--dry-run"])
    printed = capsys.readouterr()
    told = json.loads(printed.err)
    assert status == 2
    assert told["source"].startswith(source.partition("_weekly")[0])
    assert told["error"] == (kind if not (source == "cboe" and kind == "implausible") else "schema_changed")
    assert told.get("retry_after_s") == (99 if kind == "rate_limited" else None)
    assert "k3y" not in printed.err + printed.out


def test_a_dead_letter_goes_to_stderr_without_the_token_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = equity_body(LABELS)
    broken["Time Series (5min)"][LABELS[2]]["4. close"] = f"see {TOKEN}"
    environment = {"MARKET_FEEDS__ALPHA_VANTAGE__TOKEN": TOKEN}
    with serving(body(json.dumps(broken))) as server, changed_environment(environment):
        assert main(["alpha_vantage", "--symbol", "MSFT", "--base-url", server.url, "--dry-run"]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    letter = DeadLetter.model_validate_json(printed.err)
    assert "***" in letter.payload
    assert "k3y" not in printed.err


def test_bars_none_of_which_is_closed_are_stale(capsys: pytest.CaptureFixture[str]) -> None:
    broken = equity_body(LABELS[:2])
    broken["Time Series (5min)"][LABELS[1]]["4. close"] = "none"
    with serving(body(json.dumps(equity_body(LABELS[:1]))), body(json.dumps(broken))) as server:
        given = ["alpha_vantage", "--symbol", "MSFT", "--base-url", server.url, "--dry-run"]
        assert [main(given) for _ in range(2)] == [2, 2]
    printed = capsys.readouterr()
    alone, letter, after = printed.err.splitlines()
    assert printed.out == ""
    assert [(told["error"], told["source"]) for told in map(json.loads, (alone, after))] == [
        ("stale", "alpha_vantage")
    ] * 2
    assert "close" in DeadLetter.model_validate_json(letter).reason


def test_without_a_token_nothing_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alpha_vantage", "--symbol", "MSFT", "--dry-run"]) == 2
    told = json.loads(capsys.readouterr().err)
    assert told["error"] == "auth"
    assert "MARKET_FEEDS__ALPHA_VANTAGE__TOKEN" in told["detail"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense", "--symbol", "X"],
        ["cboe"],
        ["alpha_vantage", "--symbol", "", "--dry-run"],
        ["cboe", "--symbol", "SPX", "--dry-run"],
        ["cboe", "--symbol", "VIX", "--start", "2026-01-01T00:00:00"],
        ["cboe", "--symbol", "VIX", "--start", "2026-01-02T00:00:00Z", "--end", "2026-01-02T00:00:00Z"],
        ["cboe", "--symbol", "VIX", "--interval", "soon"],
        ["cboe", "--symbol", "VIX", "--timeout", "1_0"],
        ["cboe", "--symbol", "VIX", "--bars"],
        ["ccxt", "--symbol", "BTC/USD"],
        ["ccxt_nosuch", "--symbol", "BTC/USD", "--dry-run"],
        ["ccxt", "--exchange", "../kraken", "--symbol", "BTC/USD"],
        ["kraken", "--exchange", "kraken", "--symbol", "BTC/USD"],
        ["kraken", "--book", "--bars", "--symbol", "BTC/USD"],
        ["kraken", "--bars", "--symbol", "BTC/USD", "--interval", "7m", "--dry-run"],
        ["alpha_vantage", "--symbol", "EURUSD", "--interval", "5min"],  # the settings' EURUSD has hours
    ],
)
def test_a_wrong_command_is_a_bad_request(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(arguments)
    except SystemExit as left:
        status = int(str(left.code))
    assert status == 2
    assert json.loads(capsys.readouterr().err)["error"] == "bad_request"


def test_topics_and_keys() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    letter = DeadLetter(source="cboe", reason="r", payload="p", failed_at=now)
    vix = Vix(source="cboe", source_time=now, known_at=now, received_at=now, as_of=now, value=17)
    assert address(letter, TopicSettings()) == ("dead_letter", "cboe")
    assert address(vix, TopicSettings(vix="t.vix")) == ("t.vix", "VIX")


@pytest.mark.parametrize(
    ("previous", "value", "jumps"), [(None, 9.0, False), (5, 10, False), (5, 10.1, True), (5, 2.4, True)]
)
def test_jumps(previous: float | None, value: float, jumps: bool) -> None:
    try:
        ensure_no_jump("s", "close", previous, value, 2)
    except SourceError as error:
        assert jumps
        assert error.kind == "implausible"
    else:
        assert not jumps


def test_a_calendar_is_read_and_says_where_it_is_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    days = [{"date": "2026-11-26", "status": "closed", "description": "Thanksgiving Day"}]
    with serving(body(json.dumps({"calendar": {"month": 11, "year": 2026, "days": {"day": days}}}))) as server:
        given = ["tradier_calendar", "--base-url", server.url, "--dry-run", "--symbol"]
        assert [main([*given, month]) for month in ("2026-11", "2026-13")] == [0, 2]
    told = capsys.readouterr()
    assert told.out == ""
    assert "makes no message, see python -m jobs.calendar_check" in told.err
    assert json.loads(told.err.splitlines()[-1])["error"] == "bad_request"


@pytest.mark.parametrize("url", ["localhost", "ftp://user:s3cret@localhost", "http://", "http://[s3cret"])
def test_a_base_url_that_is_none_is_refused_without_repeating_it(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["cboe", "--symbol", "VIX", "--dry-run", "--base-url", url])
    told = capsys.readouterr().err
    assert json.loads(told)["error"] == "bad_request" and "s3cret" not in told
