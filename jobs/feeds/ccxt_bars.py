"""Bars of any exchange of ccxt, public and without a key: `ccxt_kraken`, `ccxt_coinbase`, `ccxt_<exchange>`.

A label is the start of its bar, UTC. One request a call: Kraken answers with at most 720 bars, the newest whatever was
asked, Coinbase with 300, others with 100 to 1,000; ask for longer spans in pieces. Of one that has no end the newest
300 are asked for.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from jobs.faults import faults
from jobs.feeds.ccxt_exchange import OfflineExchange
from jobs.feeds.ccxt_lengths import ensure_stated_length
from jobs.feeds.ccxt_source import CcxtSource
from jobs.feeds.ccxt_tables import Key, Record, cell_of, exact, falling, find_bars, has_empty_list, labels_of, rising
from jobs.feeds.ccxt_volumes import ensure_told, ensure_volume
from jobs.feeds.checks import LARGEST, ensure_length, ensure_no_jumps
from jobs.feeds.feed import EPOCH, Payload, Query, implausible
from jobs.feeds.wicks import leave_out_far_wicks
from market.errors import SourceError, SourceFault
from market.feed_settings import Feed
from market.messages import Bar, Message

DEFAULT_INTERVAL = timedelta(minutes=5)
LONGEST_INTERVAL = timedelta(days=1)  # weeks and months begin where each exchange likes
MOST_BARS = 300  # of one request that names both ends: what Coinbase, the strictest of the large ones, gives
# More are not given, and the first of the span would be missing; of Bitget that is so where the bars are a month old.
MOST_BARS_OF = {"upbit": 200, "bithumb": 200, "bitget": 200}
AT_LEAST = 95  # bars that each exchange gives from a start on, where no end is named
UNASKED = 20  # bars; most exchanges give no fewer when not told how many, OKX 100, Bybit 200
ALWAYS_MOST = ("bithumb",)  # gives one bar, the unfinished one, when not told how many, and the newest of any span
# However long ago the start is, where no end is named.
GIVE_NEWEST = ("kraken", "hyperliquid", "phemex", *ALWAYS_MOST)
# Asked from one time to another: ccxt would ask Hyperliquid from 1970, or up to now, and ZebPay not at all.
BY_TIMES = ("hyperliquid", "zebpay")
# Where there must be a start: so many bars before the one that has begun. Bitbank gives the bars of the start's day.
BARS_BACK = {"bitbank": 1, "pacifica": MOST_BARS - 1, "zebpay": MOST_BARS - 1}
JUMP = 2.0  # no pair of currencies doubles within one bar
# Clocks differ by seconds. A label further ahead is no start: where labels are ends, that of the bar in progress is. Of
# short bars no more than a quarter: labels that are ends are ahead by most of one when a bar has just begun.
AHEAD, AHEAD_SHARE = timedelta(minutes=1), 4
FIRST_DAY = datetime(2009, 1, 3, tzinfo=UTC)  # Bitcoin's first block
LABELS = {"bithumb": "candle_date_time_utc"}  # without it ccxt takes Seoul's for that
# Here ccxt takes a bar's end for its label. The start stands in the row too, and must be the one that the end tells.
LABELLED_BY_END = ("ndax",)
NAME_IN = {"p2b": 7, "phemex": 9}  # the cell of a row that names the market; Phemex's older rows are without
# Here a row tells the bar's last millisecond alone, which ccxt makes its start of.
LABELLED_BY_LAST = ("onetrading",)
# In its last cell each bar of these says whether it is over, or whether trades may still come to it.
STATE_IN = dict.fromkeys(("okx", "myokx", "okxus", "blofin"), 8)
GATES, GATES_STATE = ("gate", "gateeu"), 7  # rows of an older form, which ccxt documents, are without
OVER = {"1": True, "0": False}
GATES_OVER = {"true": True, "false": False}
BINANCES = ("binance", "binanceus")
# Where a row has no names, a column that is gone gives each later one another meaning: Kraken's number of trades would
# pass for the volume.
ROW_CELLS = {"kraken": 8, **dict.fromkeys(BINANCES, 12), **dict.fromkeys(STATE_IN, 9)}
# Where a bar's last millisecond stands, and the name of its interval.
ENDS: dict[str, Key] = {**dict.fromkeys((*BINANCES, "tokocrypto", "coinsph", "aster"), 6), "hyperliquid": "T"}
LENGTHS = {"hyperliquid": "i"}
# Exchanges fold the last trades into a bar within a second or two of its end, and two clocks kept by NTP differ by less
# than one: five seconds later a bar without a successor (nobody has traded since) is final. Coinbase's candles lag:
# nine seconds after a minute's end they did not have the next one, in which dozens trade.
SETTLED = timedelta(seconds=5)
SETTLED_OF = dict.fromkeys(("coinbase", "coinbaseexchange"), timedelta(seconds=25))  # within a slot's time


class CcxtBars(CcxtSource):
    """Closed bars; prices in the quote currency, volume in the base."""

    feed: Feed = "bars"

    @property
    def settles_within(self) -> timedelta:
        """So long after a bar's end it may not be told yet, or not as final."""
        return SETTLED_OF.get(self.exchange, SETTLED)

    @property
    def holds(self) -> int | None:
        """Bars of an answer, from the query's start on; None: up to the newest."""
        return None if self.exchange in GIVE_NEWEST else AT_LEAST

    def call(self, ccxt: Any, symbol: str, query: Query, offline: OfflineExchange) -> Any:
        ensure_told(self.name, self.exchange)
        interval = query.interval or DEFAULT_INTERVAL
        most = MOST_BARS_OF.get(self.exchange, MOST_BARS)
        since, limit = _span(query, interval, most)
        if query.end is None and self.exchange in BARS_BACK:
            length = interval // timedelta(milliseconds=1)
            since = max(since or 0, (ccxt.milliseconds() // length - BARS_BACK[self.exchange]) * length)
        if since is not None and query.end is None and self.exchange not in GIVE_NEWEST:
            since, limit = _until_now(since, interval, most, ccxt.milliseconds())
        more: dict[str, Any] = {}
        if self.exchange in ALWAYS_MOST or (self.exchange in BY_TIMES and since is None):
            limit = most
        elif self.exchange in BY_TIMES and since is not None and limit is not None:
            more["until"] = since + limit * (interval // timedelta(milliseconds=1))
        return ccxt.fetch_ohlcv(symbol, self._timeframe(offline, interval), since, limit, more)

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """Closed bars in time order; known_at is bar_end. All of the body's bars must be readable;
        one with a far wick is left out.

        A bar is closed when its end has passed and a newer bar has begun, or its end lies so long before the
        payload's clock that it has settled. Kraken's must also not be after `last`, the id of its newest committed bar;
        OKX and Gate must not call it unfinished.
        """
        market, interval = self.market(query.symbol), query.interval or DEFAULT_INTERVAL
        body, rows = self._body(payload, market), self._rows(payload, query, interval)
        records, labels = self._labelled(body, rows, interval)
        self._ensure_market(body, market)
        if self.exchange in NAME_IN:
            for name in (cell_of(record, NAME_IN[self.exchange]) for record in records):
                self._ensure_named("a bar's market", market["id"] if name is None else str(name), market["id"])
        bars = [self._bar(row, interval, query, payload) for row in rows]
        self._ensure_spans(records, labels, interval, query.symbol)
        ensure_stated_length(self.name, self.exchange, body, records, interval)
        bars, far = leave_out_far_wicks(self.name, bars, JUMP, query, payload)
        ensure_no_jumps(self.name, bars, JUMP)
        ensure_length(self.name, [bar.source_time for bar in bars], interval)
        by_label = dict(zip(labels, records, strict=True))
        for row in rows:
            ensure_volume(self.name, self.exchange, by_label[row[0]], row)
        unfinished = self._unfinished(records, labels)
        last = self._last_committed(body, interval, payload) if self.exchange == "kraken" else None
        settled = payload.clock - self.settles_within
        closed = [bar for bar in bars if _is_closed(bar, bars[-1], last, payload.clock, settled)]
        over = (bar for bar in closed if bar.source_time not in unfinished)
        return [*(bar for bar in over if query.wants(bar.known_at)), *far]

    def _rows(self, payload: Payload, query: Query, interval: timedelta) -> list[list[Any]]:
        """ccxt's rows, each labelled with its bar's start."""
        rows: list[list[Any]] = self._read(payload, query)
        if self.exchange in LABELLED_BY_END:
            length = interval // timedelta(milliseconds=1)
            rows = [[row[0] - length if isinstance(row[0], int) else None, *row[1:]] for row in rows]
        return rows

    def _timeframe(self, offline: OfflineExchange, interval: timedelta) -> str:
        known = {name: timedelta(seconds=length) for name, length in offline.timeframes().items()}
        usable = {name: length for name, length in known.items() if length <= LONGEST_INTERVAL}
        name = next((name for name, length in usable.items() if length == interval), None)
        if name is None:
            raise SourceError("bad_request", self.name, f"interval {interval}: one of {', '.join(usable)}")
        return name

    def _labelled(self, body: Any, rows: list[list[Any]], interval: timedelta) -> tuple[list[Record], list[int]]:
        """The body's records and their labels (ms).

        Raises SourceError when they are not ccxt's rows, or not in the order of their labels.
        """
        if not rows:
            kind: SourceFault = "stale" if has_empty_list(body) else "schema_changed"
            raise SourceError(kind, self.name, "no bars in the body")
        for row in rows:
            if not (isinstance(row[0], int) and all(isinstance(cell, float) for cell in row[1:6])):
                raise SourceError("schema_changed", self.name, f"a bar with a cell that is no number: {row!r:.120}")
        behind = interval // timedelta(milliseconds=1) - 1 if self.exchange in LABELLED_BY_LAST else 0
        stated = [[row[0] + behind, *row[1:]] for row in rows]
        records = find_bars(body, stated)
        if records is None:
            raise SourceError("schema_changed", self.name, "the body's bars are not the ones that ccxt has read")
        label = LABELS.get(self.exchange)
        if label is not None and not all(label in record for record in records):
            raise SourceError("schema_changed", self.name, f"a bar without its {label}")
        cells = ROW_CELLS.get(self.exchange, len(records[0]))
        if len(records[0]) != cells:  # find_bars takes rows of one length alone
            raise SourceError("schema_changed", self.name, f"a bar has {len(records[0])} cells, not {cells}")
        labels = [label - behind for label in labels_of(records, stated)]
        if not rising(labels) and not falling(labels):
            raise implausible(self.name, "label", f"{labels!r:.80}", "repeated, or out of the body's order")
        return records, labels

    def _unfinished(self, records: list[Record], labels: list[int]) -> set[datetime]:
        """The starts of the bars that the exchange itself calls unfinished; a newer one may have begun all the same."""
        place, over = STATE_IN.get(self.exchange), OVER
        if self.exchange in GATES and len(records[0]) > GATES_STATE:
            place, over = GATES_STATE, GATES_OVER
        if place is None:
            return set()
        unfinished = set()
        for label, record in zip(labels, records, strict=True):
            state = record[place] if isinstance(record, list) else None
            if not isinstance(state, str) or state not in over:
                known = " nor ".join(map(repr, over))
                raise SourceError("schema_changed", self.name, f"a bar's state is {state!r:.40}, neither {known}")
            if not over[state]:
                unfinished.add(EPOCH + timedelta(milliseconds=label))
        return unfinished

    def _ensure_spans(self, records: list[Record], labels: list[int], interval: timedelta, symbol: str) -> None:
        """Bars that name their interval, or their last millisecond, tell by it how long even one of them is."""
        if self.exchange in LENGTHS:
            name, timeframe = LENGTHS[self.exchange], self._timeframe(self._offline(symbol), interval)
            for stated in (cell_of(record, name) for record in records):
                if stated != timeframe:
                    raise implausible(self.name, name, stated, f"asked for {timeframe}")
        if self.exchange in ENDS:
            length = interval // timedelta(milliseconds=1)
            endings = [exact(cell_of(record, ENDS[self.exchange])) for record in records]
            for label, ending in zip(labels, endings, strict=True):
                if ending != label + length - 1:
                    why = f"no end of a bar of {interval} from {label} on"
                    raise implausible(self.name, "close time", ending, why)

    def _bar(self, row: list[Any], interval: timedelta, query: Query, payload: Payload) -> Bar:
        start = self._start(row[0], interval, payload)
        values = dict(zip(("open", "high", "low", "close", "volume"), row[1:6], strict=True))
        for name, value in values.items():
            if value < 0 or value >= LARGEST or (value == 0 and name != "volume"):
                raise implausible(self.name, f"{start:%Y-%m-%d %H:%M}Z {name}", value, "no price or volume")
        bar_end = start + interval
        times = {"source_time": start, "known_at": bar_end, "received_at": payload.received_at, "bar_end": bar_end}
        try:
            return Bar.model_validate({"symbol": query.symbol, "source": self.name, **values, **times})
        except ValidationError as error:
            reason = faults(error)
        raise SourceError("implausible", self.name, reason)

    def _start(self, label_ms: float, interval: timedelta, payload: Payload) -> datetime:
        if not 0 < label_ms < 1e14:
            raise implausible(self.name, "label", label_ms, "no time in milliseconds")
        start = EPOCH + timedelta(milliseconds=label_ms)
        if not FIRST_DAY < start <= payload.received_at + min(AHEAD, interval / AHEAD_SHARE):
            raise implausible(self.name, "label", start.isoformat(), "not a moment of an exchange's past")
        if (start - EPOCH) % interval:
            raise implausible(self.name, "label", start.isoformat(), f"no start of a bar of {interval}")
        return start

    def _last_committed(self, body: Any, interval: timedelta, payload: Payload) -> datetime:
        """The label of Kraken's newest committed bar: `last`, seconds."""
        last = exact(body["result"].get("last"))
        if last is None:
            raise SourceError("schema_changed", self.name, 'no "last", the id of the newest committed bar')
        return EPOCH if last == 0 else self._start(last * 1000, interval, payload)


def _is_closed(bar: Bar, newest: Bar, last_committed: datetime | None, now: datetime, settled: datetime) -> bool:
    """The newest bar proves itself closed when it had ended by `settled`."""
    if bar.bar_end > now or (last_committed is not None and bar.source_time > last_committed):
        return False
    return bar is not newest or bar.bar_end <= settled


def _span(query: Query, interval: timedelta, most: int) -> tuple[int | None, int | None]:
    """ccxt's since (ms, the first label wanted) and limit (bars, `most` at most).

    One bar more than is wanted is asked for: it proves the one before it final.
    """
    if query.start is None:
        return None, None
    first = EPOCH + (query.start - EPOCH) // interval * interval
    since = int(first.timestamp() * 1000)
    if query.end is None:
        return since, None
    return since, min(most, max(1, (query.end - first) // interval + 1))


def _until_now(since: int, interval: timedelta, most: int, now: int) -> tuple[int, int | None]:
    """The same up to the bar that has begun, the newest `most` of them: exchanges give the first of what is asked.

    From the beginning of a gap that is longer than an answer, none would ever reach the newest bar.
    """
    length = interval // timedelta(milliseconds=1)
    begun = now // length * length
    wanted = (begun - since) // length + 1
    if wanted > most:
        return begun - (most - 1) * length, most
    return since, wanted if wanted > UNASKED else None
