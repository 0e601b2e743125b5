"""Messages of a page, from its text and what it was asked for: the way both of a crawl and of a recorded page.

`params` are those of the recorded page (jobs/raw_store.py), all texts. cnbc: date. tradingster: page (index or report),
contract, report (its kind), date, listed (cot.names_of, in JSON). investing: countries, importance, events (JSON lists,
empty takes all), since, date, timezone, clock (shown: the zone must be that of the times the page shows). An absent one
asks for nothing special.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime

from scrapy.http import HtmlResponse

from jobs.feeds.refused import refusal_letter
from jobs.feeds.refused_figures import of_event
from jobs.raw_payload import Raw
from jobs.spiders import cot, economic, economic_rows, vix
from jobs.spiders.cot_contract import contract_in
from jobs.spiders.page import implausible
from jobs.spiders.vix_symbol import is_vix, quoted_in
from jobs.spiders.zones import zone_named
from market.errors import SourceError
from market.messages import DeadLetter, Message, Sourced

Params = Mapping[str, str]


def parse_raw(source: str, text: str, received_at: datetime, params: Params | None = None) -> list[Message]:
    """The page's messages. Pure: the clock is `received_at` (UTC). Raises SourceError, as the crawl did."""
    reader = _READERS.get(source)
    if reader is None:
        raise SourceError("bad_request", source, f"no spider's source: {', '.join(_READERS)}")
    return reader(text, received_at, params or {})


def parse_recorded(raw: Raw) -> list[Message]:
    """The messages of a page that a spider recorded, received when it was. Raises SourceError, as the crawl did."""
    ensure_address(raw.source, raw.path, raw.params)
    found = parse_raw(raw.source, text_of(raw), raw.clock, raw.params)
    return [
        message.model_copy(update={"received_at": raw.received_at}) if isinstance(message, Sourced) else message
        for message in found
    ]


def ensure_address(source: str, url: str, params: Params) -> None:
    """Where a redirect led, the page need not say whose it is, but its address does. Raises SourceError implausible."""
    if source == vix.SOURCE and (landed := quoted_in(url)) is not None and not is_vix(landed):
        raise implausible(source, f"the site led to the quote of {landed[:30]!r}")
    contract = params.get("contract")
    if source == cot.SOURCE and contract is not None and (landed := contract_in(url)) not in (None, contract):
        raise implausible(source, f"the site led to {landed!r}, not {contract}")


def text_of(raw: Raw) -> str:
    """The body decoded as the spider did: by its content type, else by what the page says of itself."""
    headers = {"Content-Type": raw.content_type} if raw.content_type else {}
    return HtmlResponse("http://recorded", headers=headers, body=raw.body).text


def read_calendar(text: str, now: datetime, params: Params) -> economic.Calendar:
    """The whole calendar, with the events to come. Raises SourceError."""
    zone = params.get("timezone")
    wanted = economic.Wanted(
        countries=_list(params, "countries"),
        importance=[int(each) for each in _list(params, "importance")],
        events=_list(params, "events"),
        day=_day(params),
        since=date.fromisoformat(params["since"]) if params.get("since") else None,
    )
    shown = params.get("clock") == "shown"
    return economic.parse(text, now, zone_named(zone) if zone else None, wanted, shown=shown)


def calendar_params(wanted: economic.Wanted, zone: str | None = None, shown: bool = False) -> dict[str, str]:
    """What `read_calendar` reads."""
    lists = {"countries": wanted.countries, "importance": wanted.importance, "events": wanted.events}
    params = {name: json.dumps([str(each) for each in found]) for name, found in lists.items()}
    days = {name: f"{day}" for name, day in (("since", wanted.since), ("date", wanted.day)) if day}
    extra = {**days, "timezone": zone or "", "clock": "shown" if shown else ""}
    return {**params, **{name: text for name, text in extra.items() if text}}


def _cnbc(text: str, now: datetime, params: Params) -> list[Message]:
    found, day = vix.parse(text, now), _day(params)
    if day not in (None, found.as_of.date()):
        raise SourceError("stale", vix.SOURCE, f"the page shows {found.as_of.date()}, asked for {day}")
    return [found]


def _tradingster(text: str, now: datetime, params: Params) -> list[Message]:
    if params.get("page") == "index":  # it leads to reports and holds none
        return []
    contract, listed = params.get("contract", ""), json.loads(params.get("listed") or "{}")
    return [*cot.parse_report(text, contract, now, _day(params), kind=params.get("report"), listed=listed)]


def _investing(text: str, now: datetime, params: Params) -> list[Message]:
    found = read_calendar(text, now, params)
    return [*found.released, *letters_of(found, now)]


def letters_of(found: economic.Calendar, now: datetime) -> list[DeadLetter]:
    """One for each row that is refused while the others are told."""
    return [
        refusal_letter(of_event(fault, event, released_at), html.encode(), now, None)
        for fault, html, (_, event, released_at) in found.refused
    ]


def _day(params: Params) -> date | None:
    return date.fromisoformat(params["date"]) if params.get("date") else None


def _list(params: Params, name: str) -> list[str]:
    found: list[str] = json.loads(params.get(name) or "[]")
    return found


_READERS: dict[str, Callable[[str, datetime, Params], list[Message]]] = {
    vix.SOURCE: _cnbc,
    cot.SOURCE: _tradingster,
    economic_rows.SOURCE: _investing,
}
