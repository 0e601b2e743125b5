"""CNBC's quote page: every markup, the regular hours' container, cross-checks, and what is known when."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.spiders.vix import parse, read_quote
from market.errors import SourceError
from tests.jobs.spiders.pages import dated_vix_page, last_session, strip, vix_page

FRAGMENTS = Path(__file__).parents[4] / "shared" / "data" / "vix"
IN_SESSION = datetime(2026, 6, 10, 15, 0, tzinfo=UTC)  # Wednesday, 11:00 New York
CLOSE_KNOWN = datetime(2026, 6, 10, 20, 15, tzinfo=UTC)  # 16:15 New York
EXTENDED = f"<div class='QuoteStrip-extendedDataContainer QuoteStrip-dataContainer'>{strip('19.99', '+1.54')}</div>"
REGULAR = f"<div class='QuoteStrip-dataContainer QuoteStrip-extendedHours'>{strip()}</div>"


def older(symbol: str, value: str) -> str:
    """One quote of the older page, which held those of other symbols too."""
    return f"<span class='last original ng-binding' ng-bind=\"quoteData['{symbol}'].last\">{value}</span>"


def linked(*quotes: dict[str, str]) -> str:
    return "".join(f"<script type='application/ld+json'>{json.dumps(quote)}</script>" for quote in quotes)


def meta(**content: str) -> str:
    return "".join(f"<meta itemprop='{name}' content='{text}'>" for name, text in content.items())


NAMED = {"tickerSymbol": ".VIX", "price": "18.45"}
APPLE = {"tickerSymbol": "AAPL", "price": "292.70"}


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00+00:00")


def kind_of(text: str, now: datetime = IN_SESSION) -> tuple[str, str]:
    with pytest.raises(SourceError) as refusal:
        parse(text, now)
    assert refusal.value.source == "cnbc"
    return refusal.value.kind, refusal.value.detail


@pytest.mark.parametrize(
    "page",
    [
        vix_page(),
        vix_page(EXTENDED + REGULAR),
        vix_page(REGULAR + EXTENDED),
        vix_page(f"<div class='QuoteStrip-dataContainer'><p class='QuoteStrip-lastTradeTime'>After Hours: Last</p>"
                 f"{strip('19.99', '+1.54')}</div><div class='QuoteStrip-dataContainer'>{strip()}</div>"),
        vix_page('<span class="last original ng-binding" ng-bind="quoteData">18.45</span>'),
        vix_page("<p></p>", head='<meta itemprop="price" content="18.45" />'),
        vix_page("<p></p>", head='<script type="application/ld+json">{"@type": "Intangible/FinancialQuote", '
                 '"tickerSymbol": ".VIX", "price": "18.45"}</script>'),
        vix_page(strip("18.45", "-0.35", "-1.8617%", "Down")),
        vix_page(strip("18.45", "UNCH", "0.00%", "X").replace("changeX", "unchanged")),
        vix_page(strip() + "<li class='Summary-stat'><span class='Summary-label'>Prev Close</span>"
                 "<span class='Summary-value'>18.10</span></li>"),
    ],
)  # fmt: skip
def test_every_markup(page: str) -> None:
    assert parse(page, IN_SESSION).value == 18.45


def test_a_thousand_points_and_the_previous_close() -> None:
    quote = read_quote(strip("1,512.30", "+7.05", "+0.4684%"))
    assert (quote.value, quote.change, quote.change_pct, quote.previous_close) == (1512.30, 7.05, 0.4684, 1505.25)
    assert kind_of(vix_page(strip("1,512.30", "+7.05", "+0.4684%")))[0] == "implausible"  # VIX stays below 1000


def test_a_live_quote_is_known_when_fetched() -> None:
    message = parse(vix_page(), IN_SESSION)
    assert (message.as_of, message.known_at, message.received_at) == (day("2026-06-10"), IN_SESSION, IN_SESSION)


@pytest.mark.parametrize(
    "now",
    [
        CLOSE_KNOWN,
        datetime(2026, 6, 11, 3, 0, tzinfo=UTC),  # 23:00 New York of the same day
        datetime(2026, 6, 11, 7, 14, tzinfo=UTC),  # 03:14, a minute before Cboe computes again
    ],
)
def test_the_close_is_known_since_1615(now: datetime) -> None:
    message = parse(vix_page(), now)
    assert (message.as_of, message.known_at) == (day("2026-06-10"), CLOSE_KNOWN)


def test_the_weekend_shows_fridays_close() -> None:
    for now in (datetime(2026, 6, 13, 16, tzinfo=UTC), datetime(2026, 6, 15, 7, 14, tzinfo=UTC)):  # Monday, 03:14
        assert parse(vix_page(), now).as_of == day("2026-06-12")


def test_a_quote_without_a_date_on_a_holiday_is_no_close_of_the_day_before() -> None:
    """Cboe computes VIX on holidays too, outside the stock market's calendar."""
    thanksgiving = datetime(2026, 11, 26, 16, tzinfo=UTC)
    night_after = datetime(2026, 11, 27, 8, 14, tzinfo=UTC)  # 03:14 New York
    independence = datetime(2026, 7, 3, 16, tzinfo=UTC)  # a Friday; the weekend after it shows the same value
    for now in (thanksgiving, night_after, independence, independence + timedelta(days=2)):
        kind, detail = kind_of(vix_page(), now)
        assert (kind, "a day without trade" in detail) == ("stale", True)
    assert parse(vix_page(), datetime(2026, 11, 26, 8, 14, tzinfo=UTC)).as_of == day("2026-11-25")  # before it began
    assert parse(vix_page(), datetime(2026, 11, 27, 16, tzinfo=UTC)).as_of == day("2026-11-27")
    dated = "<div class='QuoteStrip-lastTradeTime'>Last | 11/25/26 EST</div>" + strip()
    assert parse(vix_page(dated), thanksgiving).as_of == day("2026-11-25")
    assert kind_of(vix_page(dated.replace("11/25", "11/26")), thanksgiving)[0] == "implausible"


@pytest.mark.parametrize("hour", [3, 9, 20])
def test_a_page_of_the_last_session_is_news_on_every_date(hour: int) -> None:
    """The tests that call a command, whose clock is the real one, rely on it: holidays, weekends, half-days."""
    for days in range(0, 400):
        now = datetime(2026, 1, 1, hour, 20, tzinfo=UTC) + timedelta(days=days)
        assert parse(dated_vix_page(now=now), now).as_of.date() == last_session(now)


def at(clock: str) -> str:
    return vix_page(f"<div class='QuoteStrip-lastTradeTime'>Last | {clock}</div>" + strip())


def test_a_value_from_before_the_close_is_none_after_it() -> None:
    noon = at("11:00 AM EDT")
    assert parse(noon, IN_SESSION).value == parse(noon, CLOSE_KNOWN - timedelta(minutes=1)).value == 18.45
    for now in (CLOSE_KNOWN, CLOSE_KNOWN + timedelta(hours=10), datetime(2026, 6, 13, 16, tzinfo=UTC)):
        assert kind_of(noon, now)[0] == "stale"
        assert parse(at("4:14 PM EDT"), now).known_at <= now
    assert kind_of(at("1:55 AM EDT"), datetime(2026, 6, 11, 6, tzinfo=UTC))[0] == "stale"  # of the night, no close


CLOSED = "2026-06-08T16:14:59.000-0400"  # two days before the others


@pytest.mark.parametrize(
    "page",
    [
        vix_page("<p></p>", head=meta(price="18.45", quoteTime=CLOSED)),
        vix_page("<p></p>", head=linked({**NAMED, "quoteTime": CLOSED})),
        vix_page(older(".VIX", "18.45"), head=meta(quoteTime=CLOSED)),
        vix_page(head=meta(price="18.45", quoteTime=CLOSED) + linked({**NAMED, "quoteTime": CLOSED})),
        at("4:14 PM EDT").replace("<head>", f"<head>{meta(quoteTime=CLOSED)}"),
        vix_page(head=linked({**APPLE, "quoteTime": "2026-06-09T16:00:00-0400"}, {**NAMED, "quoteTime": CLOSED})),
    ],
)
def test_a_page_whose_data_for_machines_says_of_when_it_is(page: str) -> None:
    """A page that was recorded, or that stands still, is not of the day on which it is read."""
    message = parse(page, IN_SESSION)
    assert (message.as_of, message.known_at) == (day("2026-06-08"), datetime(2026, 6, 8, 20, 15, tzinfo=UTC))


def test_times_that_are_no_close_or_no_time() -> None:
    def told(*times: str) -> str:
        return vix_page(head="".join(meta(quoteTime=each) for each in times))

    assert kind_of(told("2026-06-09T11:00:00.000-0400"))[0] == "stale"  # from before that day's close
    assert kind_of(told("2026-06-10T16:00:00.000-0400"))[0] == "stale"  # ahead of the clock
    assert kind_of(told("2026-06-07T16:00:00.000-0400"))[0] == "implausible"  # a Sunday
    assert kind_of(told(CLOSED, "2026-06-09T16:14:59.000-0400"))[0] == "schema_changed"
    for nothing in ("", "soon", "2026-02-30T16:14:59.000-0400", "2026-02-30", "06/08/2026"):
        assert parse(told(nothing), IN_SESSION).as_of == day("2026-06-10")
    assert parse(told("2026-06-10T10:59:58.000-0400"), IN_SESSION).known_at == IN_SESSION


@pytest.mark.parametrize("told", ["2026-06-08", "2026-06-08T16:14:59", "2026-06-08 20:14:59.000"])
def test_a_time_without_its_zone_tells_the_day(told: str) -> None:
    """The hour may be of any zone; VIX is computed in hours that have one date in New York and in Greenwich."""
    message = parse(vix_page(head=meta(quoteTime=told)), IN_SESSION)
    assert (message.as_of, message.known_at) == (day("2026-06-08"), datetime(2026, 6, 8, 20, 15, tzinfo=UTC))
    today = told.replace("06-08", "06-10")
    assert parse(vix_page(head=meta(quoteTime=today)), IN_SESSION).known_at == IN_SESSION
    assert kind_of(vix_page(head=meta(quoteTime=today) + linked({**NAMED, "quoteTime": CLOSED})))[0] == "schema_changed"


def test_the_close_of_a_half_day_is_a_close() -> None:
    evening = datetime(2026, 11, 28, 3, tzinfo=UTC)  # Friday after Thanksgiving: trade ends at 13:00
    assert parse(at("1:15 PM EST"), evening).as_of == day("2026-11-27")
    assert parse(at("1:15 PM EST"), evening).known_at == datetime(2026, 11, 27, 18, 15, tzinfo=UTC)
    for clock in ("12:59 PM EST", "1:05 PM EST"):  # the exchange is closed, VIX is computed on until 13:15
        assert kind_of(at(clock), evening)[0] == kind_of(at(clock), evening.replace(day=27, hour=19))[0] == "stale"
    assert kind_of(at("4:14 PM EST"), evening)[0] == "implausible"


def test_a_clock_at_which_vix_is_not_computed_is_no_close() -> None:
    assert parse(at("4:15 PM EDT"), CLOSE_KNOWN).known_at == CLOSE_KNOWN
    assert kind_of(at("4:45 PM EDT"), CLOSE_KNOWN + timedelta(hours=1))[0] == "implausible"
    assert kind_of(at("4:02 PM EDT"), CLOSE_KNOWN + timedelta(hours=1))[0] == "stale"


def test_a_clock_ahead_of_ours_is_of_another_day() -> None:
    assert kind_of(at("4:14 PM EDT"), IN_SESSION)[0] == "stale"
    assert parse(at("11:02 AM EDT"), IN_SESSION).value == 18.45  # clocks differ


@pytest.mark.parametrize("clock", ["11:00 AM GMT", "13:00 PM EDT", "0:30 AM EDT", "11:75 AM EDT"])
def test_a_clock_that_is_none_of_new_york(clock: str) -> None:
    assert kind_of(at(clock))[0] == "schema_changed"


def test_the_page_s_own_date_goes_before() -> None:
    dated = "<div class='QuoteStrip-lastTradeTime'>Last | 06/09/26 EDT</div>"
    message = parse(vix_page(dated + strip()), IN_SESSION)
    assert (message.as_of, message.known_at) == (day("2026-06-09"), datetime(2026, 6, 9, 20, 15, tzinfo=UTC))
    assert kind_of(vix_page(dated.replace("06/09", "06/11") + strip()))[0] == "implausible"
    assert kind_of(vix_page(dated.replace("06/09", "13/09") + strip()))[0] == "schema_changed"


@pytest.mark.parametrize(
    ("page", "kind", "named"),
    [
        ("", "unavailable", "empty"),
        ("<html><body><p>nothing</p></body></html>", "schema_changed", "QuoteStrip-lastPriceStripContainer"),
        (vix_page()[:-40], "unavailable", "cut off"),
        (vix_page("<title>Just a moment...</title>"), "auth", "proof"),
        (vix_page(strip() + strip("19.99", "+1.54", "+8.3469%")), "schema_changed", "2 found"),
        (vix_page(strip("")), "schema_changed", "QuoteStrip-lastPrice"),
        (vix_page(strip("18,45")), "schema_changed", "18,45"),
        (vix_page(strip("18.45%")), "schema_changed", "no price"),
        (vix_page(strip("-18.45")), "implausible", "not above 0"),
        (vix_page(strip("81.45")), "implausible", "%"),  # digits swapped: change and percent tell
        (vix_page(strip("18.45", direction="Down")), "implausible", "changeDown"),
        (vix_page(strip() + "<li class='Summary-stat'><span class='Summary-label'>Prev Close</span>"
                  "<span class='Summary-value'>19.10</span></li>"), "implausible", "Prev Close"),
        (vix_page("<span class='QuoteStrip-symbolAndExchange'>AAPL</span>" + strip()), "implausible", "AAPL"),
    ],
)  # fmt: skip
def test_refusals_say_what_is_wrong(page: str, kind: str, named: str) -> None:
    found, detail = kind_of(page)
    assert found == kind
    assert named in detail


@pytest.mark.parametrize(
    "page",
    [
        vix_page(older(".DJI", "812.00") + older(".VIX", "18.45")),
        vix_page("<p></p>", head=linked(APPLE, NAMED)),
        vix_page("<p></p>", head=linked({"@type": "Product", "name": "CNBC Pro", "price": "29.99"}, NAMED)),
        vix_page("<p></p>", head=f"<script type='application/ld+json'>{json.dumps({'@graph': [NAMED]})}</script>"),
        vix_page("<p></p>", head=linked({"name": "CBOE Volatility Index", "price": "18.45"})),
        vix_page("<p></p>", head=meta(tickerSymbol=".VIX", price="18.45")),
        vix_page("<span class='QuoteStrip-symbolAndExchange'>.VIX:<!-- -->Exchange</span>" + strip()),
        vix_page(head="<link rel='canonical' href='https://www.cnbc.com/quotes/.VIX'>"),
    ],
)
def test_the_quote_of_vix_among_others(page: str) -> None:
    assert parse(page, IN_SESSION).value == 18.45


@pytest.mark.parametrize(
    ("page", "kind", "named"),
    [
        (vix_page(older("AAPL", "292.70")), "implausible", "AAPL"),
        (vix_page("<span class='last original'>18.45</span><span class='last original'>19.45</span>"),
         "schema_changed", "2 different"),
        (vix_page("<p></p>", head=meta(price="18.45") + meta(price="19.45")), "schema_changed", "2 different"),
        (vix_page("<p></p>", head=linked(NAMED, {**NAMED, "price": "19.45"})), "schema_changed", "2 different"),
        (vix_page("<p></p>", head=meta(tickerSymbol="AAPL", price="292.70")), "implausible", "AAPL"),
        (vix_page("<p></p>", head=linked(APPLE)), "implausible", "AAPL"),
        (vix_page("<p></p>", head=linked({"@type": "Product", "name": "CNBC Pro", "price": "29.99"})),
         "schema_changed", "JSON-LD"),
        (vix_page("<p></p>", head=linked({"tickerSymbol": "VIXY", "price": "12.10"})), "implausible", "VIXY"),
        (vix_page("<span class='QuoteStrip-symbolAndExchange'>.VIX9D:Exchange</span>" + strip()),
         "implausible", "VIX9D"),
        (vix_page(head="<link rel='canonical' href='https://www.cnbc.com/quotes/AAPL'>"), "implausible", "AAPL"),
    ],
)  # fmt: skip
def test_another_symbol_s_quote_is_never_taken(page: str, kind: str, named: str) -> None:
    found, detail = kind_of(page)
    assert found == kind
    assert named in detail


OLDER, IN_META, LINKED = older(".VIX", "18.45"), meta(price="18.45"), linked(NAMED)


LATE = f"""<div class='QuoteStrip-extendedDataContainer QuoteStrip-dataContainer'>
  <div class='QuoteStrip-lastTradeTime'>After Hours: Last | 4:59 PM EST</div>
  {strip("19.99", "+1.54", "+8.3469%")}</div>"""


@pytest.mark.parametrize(
    "body",
    [
        f"<div class='QuoteStrip-dataContainer QuoteStrip-extendedHours'>{LATE}{strip()}</div>",
        f"<div class='QuoteStrip-dataContainer QuoteStrip-extendedHours'>{strip()}{LATE}</div>",
        LATE + strip(),
    ],
)
def test_the_label_of_a_block_of_extended_hours_is_of_its_own_price(body: str) -> None:
    assert parse(vix_page(body), IN_SESSION).value == 18.45


def test_a_wrapper_of_the_strips_class_does_not_make_extended_hours_regular() -> None:
    late = f"<div class='QuoteStrip-extendedDataContainer'>{strip('19.99', '+1.54', '+8.3469%')}</div>"
    kind, detail = kind_of(vix_page(f'<div class="QuoteStrip-lastPriceStripContainer">{late}<b>18.45</b></div>'))
    assert (kind, "span.QuoteStrip-lastPrice: 0" in detail) == ("schema_changed", True), detail


@pytest.mark.parametrize(
    ("page", "both"),
    [
        (vix_page(head=meta(price="19.45")), ("18.45", "meta[itemprop=price]", "19.45")),
        (vix_page(head=meta(price="18.10")), ("18.45", "meta", "18.1")),  # a previous close is no price of today
        (vix_page(head=linked({**NAMED, "price": "81.45"})), ("18.45", "JSON-LD", "81.45")),
        (vix_page(head=IN_META + linked({**NAMED, "price": "1845"})), ("18.45", "JSON-LD", "1845")),
        (vix_page(strip() + older(".VIX", "18.54")), ("18.45", "span.last.original", "18.54")),
        (vix_page(EXTENDED + REGULAR, head=meta(price="19.99")), ("18.45", "meta", "19.99")),
        (vix_page(OLDER, head=meta(price="17.45")), ("18.45", "meta", "17.45")),
        (vix_page(OLDER, head=linked({**NAMED, "price": "17.45"})), ("18.45", "JSON-LD", "17.45")),
        (vix_page("<p></p>", head=IN_META + linked({**NAMED, "price": "18.95"})), ("18.45", "JSON-LD", "18.95")),
        (vix_page(head=meta(price="18.45") + meta(price="19.45")), ("18.45", "meta", "19.45")),
    ],
)
def test_places_that_state_different_prices_are_refused(page: str, both: tuple[str, ...]) -> None:
    kind, detail = kind_of(page)
    assert (kind, [text for text in both if text not in detail]) == ("implausible", []), detail


@pytest.mark.parametrize(
    "page",
    [
        vix_page(head=IN_META + LINKED),
        vix_page(strip() + OLDER, head=IN_META),
        vix_page(OLDER, head=IN_META + LINKED),
        vix_page("<p></p>", head=IN_META + LINKED),
        vix_page(head=meta(price="18.4499") + linked({**NAMED, "price": "18.450"})),  # more decimals
        vix_page(head=meta(price="18.46")),  # the tick before
        vix_page(head=meta(price="") + linked({**NAMED, "price": " "})),  # which say nothing
        vix_page(head=linked({"@type": "Offer", "price": "29.99"})),  # of something that the page sells
        vix_page(head=linked(APPLE, NAMED, {"@type": "Product", "name": "CNBC Pro", "price": "29.99"})),
    ],
)
def test_places_that_state_the_same_price(page: str) -> None:
    assert parse(page, IN_SESSION).value == 18.45


def test_a_second_price_that_cannot_be_read_is_no_agreement() -> None:
    for text in ("18,45", "18.45%", "soon"):
        kind, detail = kind_of(vix_page(head=meta(price=text)))
        assert (kind, "meta[itemprop=price]" in detail) == ("schema_changed", True)


def test_the_recorded_pages_meta_price_is_a_tick_apart_from_its_span() -> None:
    assert read_quote(vix_page(older("AAPL", "292.70"), head=meta(price="292.76"))).value == 292.70
    with pytest.raises(SourceError, match=r"implausible: .*292\.7.*293\.1"):
        read_quote(vix_page(older("AAPL", "292.70"), head=meta(price="293.10")))


@pytest.mark.skipif(not FRAGMENTS.exists(), reason="the recorded samples are not here")
@pytest.mark.parametrize(
    ("file", "value"), [("cnbc_quotestrip_new.html", 1512.30), ("cnbc_last_original_old.html", 292.70)]
)
def test_recorded_markup(file: str, value: float) -> None:
    assert read_quote((FRAGMENTS / file).read_text()).value == value
