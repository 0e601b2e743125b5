"""Bars of Kraken, Coinbase and Binance: what is asked, which bars are closed, impossible bars, wrong readings."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.feeds import ccxt_markets, ccxt_source
from jobs.feeds.ccxt_bars import CcxtBars
from jobs.feeds.client import Client
from jobs.feeds.feed import Query
from market.errors import SourceError
from market.messages import Bar
from tests.jobs.feeds.exchange_samples import (
    BINANCE_MARKETS,
    NOW_S,
    binance_row,
    coinbase_bars,
    coinbase_candle,
    kraken_bars,
    kraken_row,
    okx_bars,
    okx_row,
)
from tests.jobs.feeds.samples import NOW, payload
from tests.jobs.feeds.server import body, serving

MINUTES = timedelta(minutes=1)
BTC = Query("BTC/USD", 5 * MINUTES)
KRAKEN, COINBASE = CcxtBars("kraken"), CcxtBars("coinbase")


def parsed(source: CcxtBars, content: Any, query: Query = BTC, now: datetime = NOW) -> list[Bar]:
    bars = source.parse(payload(content, now), query)
    assert all(isinstance(bar, Bar) for bar in bars)
    return bars  # type: ignore[return-value]


def fault_of(source: CcxtBars, content: Any, query: Query = BTC, now: datetime = NOW) -> SourceError:
    with pytest.raises(SourceError) as caught:
        source.parse(payload(content, now), query)
    return caught.value


def ends(bars: list[Bar]) -> list[str]:
    return [f"{bar.bar_end:%H:%M}" for bar in bars]


def test_krakens_committed_bars() -> None:
    bars = parsed(KRAKEN, kraken_bars())
    assert ends(bars) == ["17:50", "17:55", "18:00"]
    first = bars[0]
    assert (first.open, first.high, first.low, first.close, first.volume) == (64000, 64020, 63990, 64013.5, 12.5)
    assert (first.symbol, first.source, first.received_at) == ("BTC/USD", "ccxt_kraken", NOW)
    assert (first.source_time, first.known_at) == (NOW - 15 * MINUTES, NOW - 10 * MINUTES)


def test_coinbases_bars_come_newest_first() -> None:
    candles = [coinbase_candle(NOW_S - 300, close="63995"), coinbase_candle(NOW_S - 600)]
    bars = parsed(COINBASE, {"candles": candles}, now=NOW + 5 * MINUTES)
    assert [(bar.bar_end, bar.close) for bar in bars] == [(NOW - 5 * MINUTES, 64010.5), (NOW, 63995)]
    assert (bars[0].open, bars[0].high, bars[0].low, bars[0].volume) == (64000, 64020, 63990, 12.5)


def test_more_candles_than_ccxt_asks_for_are_all_read() -> None:
    starts = [NOW_S - 300 * back for back in range(310)]
    bars = parsed(COINBASE, coinbase_bars(starts))
    assert len(bars) == 309
    assert bars[0].source_time == NOW - 309 * 5 * MINUTES


@pytest.mark.parametrize(
    ("seconds", "last", "closed"),
    [
        (0, NOW_S - 300, 3),
        (299, NOW_S - 300, 3),
        (0, NOW_S - 600, 2),  # 17:55 is not committed, although a newer bar has begun
        (600, NOW_S - 300, 3),
        (600, NOW_S, 4),
        (303, NOW_S, 3),  # the newest bar's end is too near for a body whose last bar is always the unfinished one
        (600, 0, 0),
    ],
)
def test_kraken_says_which_bar_is_committed(seconds: int, last: int, closed: int) -> None:
    assert len(parsed(KRAKEN, kraken_bars(last=last), now=NOW + timedelta(seconds=seconds))) == closed


@pytest.mark.parametrize(
    ("seconds", "newest"),
    [(-1, "17:55"), (0, "18:00"), (299, "18:00"), (300, "18:00"), (304, "18:00"), (305, "18:05")],
)
def test_elsewhere_a_newer_bar_or_five_seconds_prove_a_bar_closed(seconds: int, newest: str) -> None:
    content = [binance_row(NOW_S - 300 * back) for back in (2, 1, 0)]
    query, now = Query("BTC/USDT", 5 * MINUTES), NOW + timedelta(seconds=seconds)
    assert ends(parsed(CcxtBars("binance"), content, query, now=now))[-1] == newest


@pytest.mark.parametrize(
    ("seconds", "newest"), [(-1, "17:55"), (0, "18:00"), (299, "18:00"), (305, "18:00"), (324, "18:00"), (325, "18:05")]
)
def test_coinbases_newest_bar_proves_itself_closed_later_as_what_it_tells_lags(seconds: int, newest: str) -> None:
    """Nine seconds into a minute of dozens of trades it still told nothing of that minute."""
    bars = parsed(COINBASE, coinbase_bars(), now=NOW + timedelta(seconds=seconds))
    assert ends(bars)[-1] == newest


@pytest.mark.parametrize(
    ("source", "content"),
    [
        (KRAKEN, kraken_bars([kraken_row(NOW_S - 900 * back) for back in range(12, 0, -1)], last=NOW_S - 900)),
        (COINBASE, coinbase_bars([NOW_S - 900 * back for back in range(1, 13)])),
    ],
)
def test_bars_of_another_length_than_asked_for(source: CcxtBars, content: Any) -> None:
    """Neither exchange states it: quarters of an hour would otherwise pass as the first five minutes of each."""
    fault = fault_of(source, content)
    assert (fault.kind, "0:15:00 apart" in fault.detail) == ("implausible", True)


def test_only_the_bars_of_the_query_are_given() -> None:
    start, end = NOW - 10 * MINUTES, NOW - 5 * MINUTES
    assert ends(parsed(KRAKEN, kraken_bars(), Query("BTC/USD", 5 * MINUTES, start, end))) == ["17:55"]
    assert parsed(KRAKEN, kraken_bars(), Query("BTC/USD", 5 * MINUTES, NOW)) == []


FROM = datetime(2026, 11, 20, 17, 2, tzinfo=UTC)
UNTIL = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
FROM_S = NOW_S - 3600  # 17:00, the start of the first bar that ends after 17:02


@pytest.mark.parametrize(
    ("source", "query", "asked"),
    [
        (KRAKEN, Query("BTC/USD"), "/0/public/OHLC?pair=XXBTZUSD&interval=5"),
        # ccxt asks Kraken for one interval earlier, as Kraken leaves the bar of `since` itself out
        (
            KRAKEN,
            Query("EUR/USD", 60 * MINUTES, FROM),
            f"/0/public/OHLC?pair=ZEURZUSD&interval=60&since={FROM_S - 3600}",
        ),
        (
            COINBASE,
            Query("ETH/USD", 5 * MINUTES, FROM, UNTIL),
            f"/api/v3/brokerage/market/products/ETH-USD/candles?granularity=FIVE_MINUTE&start={FROM_S}"
            f"&end={FROM_S + 7 * 300}",
        ),
        (
            COINBASE,
            Query("BTC/USD", 60 * MINUTES, FROM, UNTIL + timedelta(days=60)),
            f"/api/v3/brokerage/market/products/BTC-USD/candles?granularity=ONE_HOUR&start={FROM_S}"
            f"&end={FROM_S + 300 * 3600}",
        ),
    ],
)
def test_what_is_asked(source: CcxtBars, query: Query, asked: str) -> None:
    with serving(body("{}")) as server:
        Client(source.name).fetch(server.url, source.request(query))
        assert server.asked[0][0] == asked


@pytest.mark.parametrize("minutes", [2, 7, 60 * 24 * 7])
def test_intervals_that_the_exchange_has_not(minutes: int) -> None:
    with pytest.raises(SourceError) as caught:
        KRAKEN.request(Query("BTC/USD", minutes * MINUTES))
    assert (caught.value.kind, "1m, 5m, 15m, 30m, 1h, 4h, 1d" in caught.value.detail) == ("bad_request", True)


def without_cell(place: int) -> dict[str, Any]:
    """Kraken's body in which no row has that cell any more: each later one has moved."""
    content = kraken_bars()
    for row in content["result"]["XXBTZUSD"]:
        del row[place]
    return content


def with_row(*cells: Any) -> dict[str, Any]:
    """Kraken's body whose last finished bar has other open, high, low, close, vwap, volume and count."""
    rows = [kraken_row(NOW_S - 600), [NOW_S - 300, *cells], kraken_row(NOW_S)]
    return kraken_bars(rows)


def with_newest(*cells: Any) -> dict[str, Any]:
    return kraken_bars([kraken_row(NOW_S - 300), [NOW_S, *cells]])


CANNOT_BE: list[tuple[CcxtBars, Any, str, str]] = [
    (KRAKEN, with_row("64000", "64005", "63990", "64010", "1", "1", 1), "implausible", "enclose"),
    (KRAKEN, with_row("64000", "64020", "64001", "64010", "1", "1", 1), "implausible", "enclose"),
    (KRAKEN, with_row("0.0", "64020", "63990", "64010", "1", "1", 1), "implausible", "open"),
    (KRAKEN, with_row("64000", "64020", "-5", "64010", "1", "1", 1), "implausible", "low"),
    (KRAKEN, with_row("64000", "64020", "63990", "64010", "1", "-1", 1), "implausible", "volume"),
    (KRAKEN, with_row("64012", "130000", "64012", "128022", "1", "1", 1), "implausible", "before it"),
    (KRAKEN, with_row("64000", "64000", "32000", "32005", "1", "1", 1), "implausible", "before it"),
    (KRAKEN, with_newest("64000", "640200", "63990", "64010", "64010", "1", 1), "implausible", "high at"),
    (KRAKEN, with_newest("64000", "64020", "0.0001", "64010", "64010", "1", 1), "implausible", "low at"),
    (KRAKEN, with_newest("6400", "64020", "6400", "64010", "64010", "1", 1), "implausible", "open at"),
    (KRAKEN, with_row("64000", "64020", "63990", "6_4010", "1", "1", 1), "schema_changed", "ccxt has read"),
    (KRAKEN, with_row("64000", "64020", "63990", " 64010", "1", "1", 1), "schema_changed", "ccxt has read"),
    (KRAKEN, with_row("64000", "64020", "63990", "", "1", "1", 1), "schema_changed", "no number"),
    (KRAKEN, with_row("64000", "64020", "63990", None, "1", "1", 1), "schema_changed", "no number"),
    (KRAKEN, with_row("64000", "64020", "63990", "64010", "1", "1"), "schema_changed", "ccxt has read"),
    (KRAKEN, with_row("64000", "64020", "63990", "64010", "1"), "schema_changed", "no number"),
    (KRAKEN, without_cell(6), "schema_changed", "7 cells"),  # the number of trades would be the volume
    (KRAKEN, without_cell(4), "schema_changed", "7 cells"),  # the average price would be the close
    (KRAKEN, kraken_bars([[*kraken_row(NOW_S - 300), "1"]]), "schema_changed", "9 cells"),
    # Columns that have changed places: volume and average price, volume and number of trades.
    (KRAKEN, with_row("64000", "64020", "63990", "64010", "12.5", "64005.2", 321), "implausible", "average price"),
    (
        KRAKEN,
        with_row("64000", "64020", "63990", "64010", "64005.2", 321, "12.5"),
        "schema_changed",
        "number of trades",
    ),
    (KRAKEN, kraken_bars([kraken_row(NOW_S - 300), kraken_row(NOW_S - 300)]), "implausible", "label"),
    (
        KRAKEN,
        kraken_bars([kraken_row(NOW_S - 300), kraken_row(NOW_S - 900), kraken_row(NOW_S - 600)]),
        "implausible",
        "order",
    ),
    (KRAKEN, kraken_bars([kraken_row(NOW_S - 299)]), "implausible", "no start of a bar"),
    (KRAKEN, kraken_bars([kraken_row(NOW_S + 600)]), "implausible", "past"),
    (KRAKEN, kraken_bars([kraken_row((NOW_S - 300) * 1000)]), "implausible", "label"),
    (KRAKEN, kraken_bars([kraken_row(300)]), "implausible", "label"),
    (KRAKEN, kraken_bars(last=None), "schema_changed", "last"),
    (KRAKEN, kraken_bars(last="soon"), "schema_changed", "last"),
    (KRAKEN, kraken_bars(last=NOW_S - 299), "implausible", "no start of a bar"),
    (KRAKEN, kraken_bars(last=NOW_S + 900), "implausible", "past"),
    (KRAKEN, kraken_bars([], last=0), "stale", "no bars"),
    (KRAKEN, {"error": [], "result": {"last": NOW_S}}, "schema_changed", "no bars"),
    (KRAKEN, {"error": [], "result": {"XETHZUSD": [kraken_row(NOW_S)], "last": NOW_S}}, "schema_changed", "no bars"),
    (KRAKEN, {"error": ["EAPI:Rate limit exceeded"]}, "rate_limited", "Rate limit"),
    (KRAKEN, {"error": ["EQuery:Unknown asset pair"]}, "bad_request", "Unknown asset pair"),
    (KRAKEN, "[1, 2", "schema_changed", "JSON"),
    (COINBASE, {"candles": []}, "stale", "no bars"),
    (COINBASE, {"candels": [coinbase_candle(NOW_S)]}, "schema_changed", "no bars"),
    (COINBASE, {"candles": [coinbase_candle(NOW_S, close="1e400")]}, "schema_changed", ""),
    (COINBASE, {"candles": [coinbase_candle(NOW_S, volume="12,5")]}, "schema_changed", "no number"),
    (COINBASE, {"candles": [{**coinbase_candle(NOW_S), "start": "soon"}]}, "schema_changed", "no number"),
    (COINBASE, {"candles": [coinbase_candle(NOW_S), 7]}, "schema_changed", ""),
    (COINBASE, coinbase_bars([NOW_S, NOW_S - 600, NOW_S - 300]), "implausible", "order"),
]


@pytest.mark.parametrize(("source", "content", "kind", "named"), CANNOT_BE)
def test_bars_that_cannot_be(source: CcxtBars, content: Any, kind: str, named: str) -> None:
    fault = fault_of(source, content)
    assert (fault.kind, named in fault.detail) == (kind, True), fault


def test_bars_of_an_exchange_whose_markets_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccxt_markets, "cache_path", lambda *_: tmp_path / "binance.json")
    rows = [binance_row(NOW_S - 600), binance_row(NOW_S - 300, "1.15"), binance_row(NOW_S)]
    query = Query("LTC/USDT", 5 * MINUTES, NOW - 10 * MINUTES, NOW)
    with serving(body(BINANCE_MARKETS), body(json.dumps(rows))) as server:
        source, fetch = CcxtBars("binance"), Client("ccxt_binance").fetch
        source.prepare(query, fetch, server.url)
        request = source.request(query)
        fetch(server.url, request)
        asked = server.asked[1][0]
    assert asked.startswith("/api/v3/klines?")
    assert {"symbol": "LTCUSDT", "interval": "5m", "startTime": str((NOW_S - 600) * 1000), "limit": "3"}.items() <= (
        request.params.items()
    )
    bars = parsed(source, rows, query)
    assert [(bar.bar_end, bar.close, bar.volume) for bar in bars] == [
        (NOW - 5 * MINUTES, 1.25, 148.5),
        (NOW, 1.15, 148.5),
    ]
    first = rows[0]
    assert "11 cells, not 12" in fault_of(source, [first[:11]], query).detail
    assert "close time" in fault_of(source, [[*first[:6], first[6] + 600_000, *first[7:]]], query).detail


def test_kraken_states_no_average_of_a_bar_without_trades() -> None:
    (bar,) = parsed(KRAKEN, with_row("64000", "64020", "63990", "64010", "0.0", "0.00000000", 0))[1:]
    assert (bar.volume, bar.close) == (0, 64010)


BINANCES_ROW = [
    *((NOW_S - 300) * 1000, "64000", "64020", "63990", "64010", "12.5"),
    *(NOW_S * 1000 - 1, "800125", 30, "6.1", "390461", "0"),
]
QUOTED: dict[str, tuple[list[Any], int, int]] = {  # a row from 17:55 on, and the places of both volumes in it
    "binance": (BINANCES_ROW, 5, 7),
    "binanceus": (BINANCES_ROW, 5, 7),
    "okx": (okx_row(NOW_S - 300, "1"), 5, 7),
    "gate": ([str(NOW_S - 300), "800125", "64010", "64020", "63990", "64000", "12.5", "true"], 6, 1),
    "kucoin": ([str(NOW_S - 300), "64000", "64010", "64020", "63990", "12.5", "800125"], 5, 6),
    "bybit": ([str((NOW_S - 300) * 1000), "64000", "64020", "63990", "64010", "12.5", "800125"], 5, 6),
    "bitget": ([str((NOW_S - 300) * 1000), "64000", "64020", "63990", "64010", "12.5", "800125", "800125"], 5, 7),
    "mexc": (
        [(NOW_S - 300) * 1000, "64000", "64020", "63990", "64010", "12.5", NOW_S * 1000, "800125"], 5, 7,
    ),
}  # fmt: skip
QUOTED |= {branch: QUOTED[of] for branch, of in {"gateeu": "gate", "bybiteu": "bybit", "bybitid": "bybit"}.items()}
AROUND: dict[str, Any] = {
    "okx": lambda rows: {"code": "0", "msg": "", "data": rows},
    "kucoin": lambda rows: {"code": "200000", "data": rows},
    "bybit": lambda rows: {"retCode": 0, "retMsg": "OK", "result": {"symbol": "BTCUSD", "list": rows}},
    "bitget": lambda rows: {"code": "00000", "msg": "success", "data": rows},
}
AROUND |= dict.fromkeys(("bybiteu", "bybitid"), AROUND["bybit"])


@pytest.mark.parametrize("exchange", QUOTED)
def test_volumes_of_base_and_quote_that_have_changed_places(
    exchange: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.json"
    markets = [ccxt_markets.spot_market("BTCUSD", "BTC/USD")]
    kept.write_text(json.dumps({"loaded_at": "2026-11-20T12:00:00+00:00", "markets": markets}))
    monkeypatch.setattr(ccxt_source, "cache_path", lambda *_: kept)
    source, (row, base, quote) = CcxtBars(exchange), QUOTED[exchange]
    around = AROUND.get(exchange, lambda rows: rows)
    late = NOW + 6 * MINUTES
    (bar,) = parsed(source, around([row]), now=late)
    assert bar.volume == float(row[base])
    moved = list(row)
    moved[base], moved[quote] = moved[quote], moved[base]
    fault = fault_of(source, around([moved]))
    assert (fault.kind, "quote currency" in fault.detail) == ("implausible", True), fault
    idle = [*row]
    idle[base] = idle[quote] = "0"
    (bar,) = parsed(source, around([idle]), now=late)
    assert bar.volume == 0


def test_bitget_tells_the_volume_in_dollars_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """0.42 BTC for 12.5 ETH; beside it, what that is in USDT. Older rows end with the volume in the quote currency."""
    kept = tmp_path / "kept.json"
    markets = [ccxt_markets.spot_market("ETHBTC", "ETH/BTC")]
    kept.write_text(json.dumps({"loaded_at": "2026-11-20T12:00:00+00:00", "markets": markets}))
    monkeypatch.setattr(ccxt_source, "cache_path", lambda *_: kept)
    prices = [str((NOW_S - 300) * 1000), "0.03360", "0.03361", "0.03358", "0.03359"]
    for row in ([*prices, "12.5", "26880.4", "0.42"], [*prices, "12.5", "0.42"]):
        answer = {"code": "00000", "msg": "success", "data": [row]}
        (bar,) = parsed(CcxtBars("bitget"), answer, Query("ETH/BTC", 5 * MINUTES), now=NOW + 6 * MINUTES)
        assert bar.volume == 12.5


@pytest.fixture(params=["okx", "myokx", "okxus"])
def okx(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CcxtBars:
    kept = tmp_path / "kept.json"
    markets = [ccxt_markets.spot_market("BTC-USD", "BTC/USD")]
    kept.write_text(json.dumps({"loaded_at": "2026-11-20T12:00:00+00:00", "markets": markets}))
    monkeypatch.setattr(ccxt_source, "cache_path", lambda *_: kept)
    return CcxtBars(request.param)


@pytest.mark.parametrize(
    ("states", "closed"),
    [
        ("0111", ["17:50", "17:55", "18:00"]),
        ("0011", ["17:50", "17:55"]),  # right after its end the last bar is not final, though a newer one has begun
        ("0101", ["17:50", "18:00"]),
        ("0000", []),
        ("1111", ["17:50", "17:55", "18:00"]),  # a bar is never over before its end
    ],
)
def test_a_bar_that_the_exchange_calls_unfinished_is_not_closed(okx: CcxtBars, states: str, closed: list[str]) -> None:
    rows = [okx_row(NOW_S - 300 * back, state) for back, state in enumerate(states)]
    assert ends(parsed(okx, okx_bars(*rows))) == closed
    late = NOW + timedelta(minutes=6)
    assert ends(parsed(okx, okx_bars(*rows), now=late)) == closed + ["18:05"] * (states[0] == "1")


@pytest.mark.parametrize("state", ["2", "", None, True, 1, "true", ["1"]])
def test_a_state_that_nobody_knows(okx: CcxtBars, state: Any) -> None:
    fault = fault_of(okx, okx_bars(okx_row(NOW_S, "0"), okx_row(NOW_S - 300, state)))
    assert (fault.kind, "state" in fault.detail) == ("schema_changed", True)


def test_a_row_without_its_state(okx: CcxtBars) -> None:
    fault = fault_of(okx, okx_bars(*(okx_row(NOW_S - 300 * back, "1")[:-1] for back in range(3))))
    assert (fault.kind, "8 cells, not 9" in fault.detail) == ("schema_changed", True)


@pytest.mark.parametrize("exchange", ["gate", "gateeu"])
def test_gate_says_which_bar_is_closed(exchange: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept.json"
    markets = [ccxt_markets.spot_market("BTC_USD", "BTC/USD")]
    kept.write_text(json.dumps({"loaded_at": "2026-11-20T12:00:00+00:00", "markets": markets}))
    monkeypatch.setattr(ccxt_source, "cache_path", lambda *_: kept)
    source = CcxtBars(exchange)

    def rows(*states: str) -> list[list[Any]]:
        cells = ["800125", "64010", "64020", "63990", "64000", "12.5"]
        first = NOW_S - 300 * (len(states) - 1)
        return [[str(first + 300 * place), *cells, state] for place, state in enumerate(states)]

    assert ends(parsed(source, rows("true", "true", "false"))) == ["17:55", "18:00"]
    assert ends(parsed(source, rows("true", "false", "false"))) == ["17:55"]
    assert ends(parsed(source, [row[:7] for row in rows("", "", "")])) == ["17:55", "18:00"]  # the older form
    fault = fault_of(source, rows("true", "maybe", "false"))
    assert (fault.kind, "state is 'maybe'" in fault.detail) == ("schema_changed", True)


@pytest.mark.parametrize(
    ("exchange", "record"),
    [
        ("upbit", {
            "market": "BTC-USD", "candle_date_time_utc": "2026-11-20T17:55:00",
            "candle_date_time_kst": "2026-11-21T02:55:00", "opening_price": 64000.0, "high_price": 64020.0,
            "low_price": 63990.0, "trade_price": 64010.0, "timestamp": NOW_S * 1000 - 17, "unit": 5,
            "candle_acc_trade_price": 800125.0, "candle_acc_trade_volume": 12.5,
        }),
        ("backpack", {
            "start": "2026-11-20 17:55:00", "end": "2026-11-20 18:00:00", "open": "64000", "high": "64020",
            "low": "63990", "close": "64010", "volume": "12.5", "quoteVolume": "800125", "trades": "12",
        }),
    ],
)  # fmt: skip
def test_labels_in_utc_that_do_not_say_so(
    exchange: str, record: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.json"
    markets = [ccxt_markets.spot_market("BTC-USD", "BTC/USD")]
    kept.write_text(json.dumps({"loaded_at": "2026-11-20T12:00:00+00:00", "markets": markets}))
    monkeypatch.setattr(ccxt_source, "cache_path", lambda *_: kept)
    (bar,) = parsed(CcxtBars(exchange), [record], now=NOW + 6 * MINUTES)
    assert (bar.bar_end, bar.open, bar.close, bar.volume) == (NOW, 64000, 64010, 12.5)
