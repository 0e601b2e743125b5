"""Recorded payloads parsed again into a real Kafka: what was published comes again, byte for byte."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.feeds.__main__ import main as feeds
from jobs.raw_folder import is_raw_folder
from jobs.raw_instruments import as_instrument
from jobs.raw_parsers import UnknownSource, messages_of
from jobs.raw_payload import Raw
from jobs.raw_store import RawStore, raw_store
from jobs.replay import main
from jobs.replay_raw import publish_raw
from market.messages import Bar, Book, Vix
from market.settings import ROOT, Settings, get_settings
from tests.jobs.feeds.samples import VIX_CSV, book_body, cot_row, equity_body, ff_row, fred_answer, fred_row, level
from tests.jobs.feeds.server import body, serving
from tests.jobs.recording_world import Recorded, topic_content, write_recording
from tests.jobs.spiders.pages import calendar_page, event_row

LABELS = ["2024-03-20 12:45:00", "2024-03-20 12:40:00", "2024-03-20 12:35:00"]  # New York: UTC is four hours on
NOW = datetime(2024, 3, 20, 16, 47, tzinfo=UTC)
INSTRUMENTS = {
    "MSFT": {"calendar": "XNYS", "bar_minutes": 5, "source_symbols": {"iex_deep": "MSFT.X"}},
    "EURUSD": {"calendar": "FX"},
}
VIX = Raw("vix", "cboe", "VIX", datetime(2026, 11, 20, 18, tzinfo=UTC), VIX_CSV.encode(), content_type="text/csv")
BARS = Raw(
    "bars", "alpha_vantage", "MSFT", NOW, json.dumps(equity_body(LABELS)).encode(), interval=timedelta(minutes=5)
)
SNAPSHOT = datetime(2024, 3, 20, 16, 44, 58, tzinfo=UTC)
LEVELS = ([level(99.5, at=1710953098000)], [level(100, at=1710953098000)])
BOOK = replace(
    BARS, feed="book", source="iex_deep", symbol="MSFT.X", received_at=SNAPSHOT + timedelta(seconds=1),
    body=json.dumps(book_body(*LEVELS, symbol="MSFT.X")).encode(),
)  # fmt: skip


@pytest.fixture
def market(replay_market: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(INSTRUMENTS))
    monkeypatch.setenv("MARKET_FEEDS__RATES", "{}")
    get_settings.cache_clear()
    yield get_settings()
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def kept(tmp_path: Path) -> RawStore:
    return RawStore(tmp_path / "raw", 10_000, 10**9)


def test_a_figure_comes_again_with_the_forecast_that_was_there_before_it(market: Settings, kept: RawStore) -> None:
    row = ff_row(title="Unemployment Rate", date="2026-11-06T08:30:00-05:00", forecast="4.3%", previous="4.4%")
    values = [
        ("2026-08-01", "2026-09-04", "4.2"),
        ("2026-09-01", "2026-10-02", "4.4"),
        ("2026-10-01", "2026-11-06", "4.5"),
    ]
    answer = fred_answer(*[fred_row(period, since, "9999-12-31", value) for period, since, value in values])
    kept.keep(Raw("economic", "forexfactory", "events", datetime(2026, 11, 4, tzinfo=UTC), json.dumps([row]).encode()))
    kept.keep(Raw("economic", "fred", "unemployment_rate", datetime(2026, 11, 6, 14, tzinfo=UTC), answer.encode()))
    assert publish_raw(kept.folder).sent.economic == 3
    told = sorted(topic_content(market.topics.ind), key=lambda one: (one["received_at"], one["known_at"]))
    assert [(one["source"], one["actual"], one["forecast"], one["forecast_actual_difference"]) for one in told] == [
        ("forexfactory", None, 4.3, None), ("fred", 4.4, None, None), ("fred", 4.5, 4.3, -0.2),
    ]  # fmt: skip


def test_a_figure_of_fred_comes_again_with_the_forecast_that_the_calendar_had(market: Settings, kept: RawStore) -> None:
    released = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)
    page = calendar_page(event_row(actual="0.3%", forecast="0.2%")).encode()
    values = [("2026-04-01", "2026-05-12", "330"), ("2026-05-01", "2026-06-10", "331")]
    answer = fred_answer(*[fred_row(period, since, "9999-12-31", value) for period, since, value in values])
    at, html = released + timedelta(minutes=1), "text/html; charset=utf-8"
    kept.keep(Raw("economic", "investing", "events", at, page, content_type=html))
    kept.keep(Raw("economic", "fred", "core_cpi", at + timedelta(minutes=30), answer.encode()))
    sent = Recorded()
    publish_raw(kept.folder, sender=sent)
    told = [(one["source"], one["actual"], one["forecast"]) for _, _, one in sent.sent]
    assert told == [("investing", 0.3, 0.2), ("fred", 0.3, 0.2)]


def test_a_figure_that_a_calendar_corrected_is_again_known_from_its_correction(
    market: Settings, kept: RawStore
) -> None:
    released = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)  # 08:30 on the page's clock
    for minutes, actual in ((5, "0.3%"), (35, "0.4%")):
        page = calendar_page(event_row(actual=actual)).encode()
        at = released + timedelta(minutes=minutes)
        kept.keep(Raw("economic", "investing", "events", at, page, content_type="text/html; charset=utf-8"))
    assert publish_raw(kept.folder).sent.economic == 2
    told = sorted((one["known_at"], one["actual"]) for one in topic_content(market.topics.ind))
    assert told == [("2026-06-10T12:30:00Z", 0.3), ("2026-06-10T13:05:00Z", 0.4)]


def test_a_correction_is_one_also_where_the_first_figure_came_before_the_part_that_is_replayed(
    market: Settings, kept: RawStore
) -> None:
    """It took the first figure's place from the release on, which the predictions of those hours had seen."""
    released = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)
    for minutes, actual in ((5, "0.3%"), (35, "0.4%")):
        page = calendar_page(event_row(actual=actual)).encode()
        at = released + timedelta(minutes=minutes)
        kept.keep(Raw("economic", "investing", "events", at, page, content_type="text/html; charset=utf-8"))
    sent = Recorded()
    publish_raw(kept.folder, released + timedelta(minutes=20), sender=sent)
    assert [(one["known_at"], one["actual"]) for _, _, one in sent.sent] == [("2026-06-10T13:05:00Z", 0.4)]


@pytest.mark.parametrize("since", [None, timedelta(hours=1)], ids=["all of it", "the correction's part alone"])
def test_a_close_that_was_settled_later_is_again_known_from_then(
    market: Settings, kept: RawStore, since: timedelta | None
) -> None:
    for days, close in ((0, "16.90"), (1, "16.91")):
        body_of_day = VIX_CSV.replace("16.90", close).encode()
        kept.keep(replace(VIX, body=body_of_day, received_at=VIX.received_at + timedelta(days=days)))
    sent = Recorded()
    publish_raw(kept.folder, since and VIX.received_at + since, sender=sent)
    told = [(one["value"], one["known_at"]) for _, _, one in sent.sent if one["as_of"].startswith("2026-11-19")]
    first = [] if since else [(16.9, "2026-11-19T21:15:00Z")]
    assert told == [*first, (16.91, "2026-11-21T18:00:00Z")]


def test_a_report_that_came_late_is_again_known_from_when_it_was_seen(market: Settings, kept: RawStore) -> None:
    """The record says so beside its payload: an answer that has not changed is recorded once. A later one knows it."""
    seen = datetime(2026, 11, 24, 15, tzinfo=UTC)
    for hours, late in ((5, {"13874A 2026-11-10": seen}), (30, {})):
        rows = json.dumps([cot_row("2026-11-03"), cot_row("2026-11-10")]).encode()
        kept.keep(Raw("cot", "cftc", "13874A", seen + timedelta(hours=hours), rows, late=late))
    assert publish_raw(kept.folder).sent.cot == 8
    told = {(one["as_of"][:10], one["known_at"]) for one in topic_content(market.topics.cot)}
    assert told == {("2026-11-03", "2026-11-06T20:30:00Z"), ("2026-11-10", "2026-11-24T15:00:00Z")}


def test_bars_of_a_closure_are_passed_over_as_by_the_feeds(market: Settings, kept: RawStore) -> None:
    """Alpha Vantage tells the evening's trades, too; the instrument's calendar has no slots there."""
    labels = ["2024-03-20 16:05:00", "2024-03-20 16:00:00", "2024-03-20 15:55:00"]
    body_of_evening = json.dumps(equity_body(labels)).encode()
    kept.keep(replace(BARS, body=body_of_evening, received_at=datetime(2024, 3, 20, 20, 12, tzinfo=UTC)))
    sent = Recorded()
    assert publish_raw(kept.folder, sender=sent).sent.bars == 1
    assert [one["bar_end"] for topic, _, one in sent.sent if topic == market.topics.volume] == ["2024-03-20T20:00:00Z"]


def test_bars_of_another_length_than_the_instruments_are_refused(
    market: Settings, kept: RawStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded before the settings asked for quarters of an hour: one of three bars of five minutes ends a slot."""
    kept.keep(BARS)
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps({"MSFT": {"calendar": "XNYS", "bar_minutes": 15}}))
    get_settings.cache_clear()
    sent = Recorded()
    counts = publish_raw(kept.folder, sender=sent)
    assert (counts.refused, counts.sent.bars, counts.sent.slots) == (1, 0, 0)
    [(topic, _, letter)] = sent.sent
    assert topic == market.topics.dead_letter
    assert letter["reason"].startswith("bad_request: bars of 0:05:00, and the settings' MSFT has 0:15:00")


def test_bars_of_two_lengths_of_one_market_are_each_its_own_instruments(
    market: Settings, kept: RawStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All went to the one that has the source's name: of the other length they were refused; the other had none."""
    kept.keep(BARS)
    both = {
        "MSFT": {"calendar": "XNYS", "bar_minutes": 15},
        "MSFT_5": {"calendar": "XNYS", "bar_minutes": 5, "source_symbols": {"alpha_vantage": "MSFT"}},
    }
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(both))
    get_settings.cache_clear()
    sent = Recorded()
    counts = publish_raw(kept.folder, sender=sent)
    assert (counts.refused, counts.sent.bars) == (0, 2)
    assert {content["symbol"] for topic, _, content in sent.sent if topic == market.topics.volume} == {"MSFT_5"}


def test_a_figure_of_a_part_of_the_record_has_the_forecast_that_came_before_that_part(
    market: Settings, kept: RawStore
) -> None:
    """Without it the replayed figure would take the place of the one that had a forecast."""
    row = ff_row(title="Unemployment Rate", date="2026-11-06T08:30:00-05:00", forecast="4.3%", previous="4.4%")
    stranger = ff_row(title="Unemployment Rate", date="2026-11-06T08:30:00-05:00", forecast="9.9%", previous="4.4%")
    answer = fred_answer(fred_row("2026-10-01", "2026-11-06", "9999-12-31", "4.5"))
    for at, one in ((datetime(2026, 10, 1, tzinfo=UTC), stranger), (datetime(2026, 11, 4, tzinfo=UTC), row)):
        kept.keep(Raw("economic", "forexfactory", "events", at, json.dumps([one]).encode()))
    kept.keep(Raw("economic", "forexfactory", "events", datetime(2026, 11, 5, tzinfo=UTC), b"broken"))
    kept.keep(Raw("economic", "fred", "unemployment_rate", datetime(2026, 11, 6, 14, tzinfo=UTC), answer.encode()))
    sent = Recorded()
    counts = publish_raw(kept.folder, datetime(2026, 11, 6, tzinfo=UTC), sender=sent)
    [figure] = [content for _, _, content in sent.sent]
    assert (figure["source"], figure["actual"], figure["forecast"]) == ("fred", 4.5, 4.3)
    assert (counts.payloads, counts.refused) == (1, 0)
    of_the_day = Recorded()
    publish_raw(kept.folder / "economic" / "2026-11-06", sender=of_the_day)
    assert of_the_day.sent == sent.sent


def test_what_was_published_comes_again_byte_for_byte(market: Settings) -> None:
    csv = VIX_CSV.replace("2026", "2024").replace("11/1", "12/1")
    with serving(body(csv, "text/csv")) as vix, serving(body(json.dumps(equity_body(LABELS)))) as bars:
        assert feeds(["cboe", "--symbol", "VIX", "--base-url", vix.url]) == 0
        assert feeds(["alpha_vantage", "--symbol", "MSFT", "--base-url", bars.url]) == 0
    topics = market.topics
    before = {topic: topic_content(topic) for topic in (topics.vix, topics.volume)}
    assert [len(found) for found in before.values()] == [3, 2]
    counts = publish_raw(raw_store().folder)
    assert (counts.payloads, counts.refused, counts.sent.vix, counts.sent.bars) == (2, 0, 3, 2)
    for topic, found in before.items():
        assert topic_content(topic) == found + found
        assert all(message["raw_ref"] in set(raw_store().refs()) for message in found)


def test_a_payload_the_feeds_refused_makes_the_same_dead_letter_again(market: Settings) -> None:
    with serving(body("DATE,CLOSE\r\n", "text/csv")) as server:
        assert feeds(["cboe", "--symbol", "VIX", "--base-url", server.url]) == 2
    (letter,) = topic_content(market.topics.dead_letter)
    assert "schema_changed: the header has 0 columns OPEN" in letter["reason"] and letter["payload"] == "DATE,CLOSE\r\n"
    assert publish_raw(raw_store().folder).refused == 1
    assert topic_content(market.topics.dead_letter) == [letter, letter]


def test_each_bar_is_followed_by_its_closed_slot_and_a_book_precedes_it(market: Settings, kept: RawStore) -> None:
    for raw in (BARS, BOOK, replace(BARS, received_at=NOW + timedelta(minutes=5)), VIX):
        kept.keep(raw)
    sent = Recorded()
    counts = publish_raw(kept.folder, sender=sent)
    names = {topic: name for name, topic in market.topics.model_dump().items()}
    order = [names[topic] for topic, _, _ in sent.sent]
    assert order == [*("deep", "volume", "volume", "slot", "slot"), *("volume", "volume"), *("vix",) * 3]
    slots = [content for topic, _, content in sent.sent if names[topic] == "slot"]
    assert [slot["bar_end"] for slot in slots] == ["2024-03-20T16:40:00Z", "2024-03-20T16:45:00Z"]
    assert all(slot["live"] is False and slot["symbol"] == "MSFT" for slot in slots)
    assert slots[0]["session_open"] == "2024-03-20T13:30:00Z" and slots[0]["timezone"] == "America/New_York"
    book = sent.sent[0]
    assert book[1] == "MSFT"
    assert (book[2]["bar_end"], book[2]["snapshot_at"]) == ("2024-03-20T16:45:00Z", "2024-03-20T16:44:58Z")
    assert (counts.sent.slots, counts.sent.bars, counts.sent.books, counts.payloads) == (2, 4, 1, 4)


TRADIER_MONTH = {
    "calendar": {"month": 11, "year": 2026, "days": {"day": [
        {"date": "2026-11-26", "status": "closed", "description": "Market is closed for Thanksgiving Day"},
        {"date": "2026-11-27", "status": "open", "open": {"start": "09:30", "end": "13:00"}},
    ]}}
}  # fmt: skip
CALENDAR = Raw(
    "calendar", "tradier_calendar", "2026-11", datetime(2026, 11, 20, 12, tzinfo=UTC),
    json.dumps(TRADIER_MONTH).encode(), content_type="application/json",
)  # fmt: skip


def test_an_exchange_s_calendar_makes_no_message_and_the_replay_says_so(
    market: Settings, kept: RawStore, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.keep(CALENDAR)
    assert main([str(kept.folder / "calendar")]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 payloads, 0 of them refused")
    assert "1 of a calendar, which makes no message" in told and "jobs.calendar_check" in told
    kept.keep(replace(VIX, received_at=CALENDAR.received_at))
    assert publish_raw(kept.folder, sender=Recorded()).sent.vix == 3  # the others go on


def test_a_calendar_that_cannot_be_read_is_refused_as_when_it_came(market: Settings, kept: RawStore) -> None:
    kept.keep(replace(CALENDAR, body=b'{"calendar": null}'))
    sent = Recorded()
    assert publish_raw(kept.folder, sender=sent).refused == 1
    assert "schema_changed" in sent.sent[0][2]["reason"]


def test_a_symbol_without_calendar_has_bars_and_no_slots(market: Settings, kept: RawStore) -> None:
    labels = equity_body(LABELS)
    labels["Meta Data"]["2. Symbol"] = "AAPL"
    kept.keep(replace(BARS, symbol="AAPL", body=json.dumps(labels).encode()))
    counts = publish_raw(kept.folder, sender=Recorded())
    assert (counts.sent.bars, counts.sent.slots) == (2, 0)
    assert "no slots for AAPL" in counts.summary()


def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(market: Settings, kept: RawStore) -> None:
    kept.keep(replace(VIX, received_at=NOW, body=b"nonsense"))
    kept.keep(replace(VIX, received_at=NOW + timedelta(seconds=1), source="closed_down"))
    broken = kept.folder / str(kept.keep(replace(VIX, received_at=NOW + timedelta(seconds=2))))
    broken.write_bytes(broken.read_bytes()[:-20])
    kept.keep(VIX)
    counts = publish_raw(kept.folder)
    assert (counts.payloads, counts.refused, counts.sent.dead_letters, counts.sent.vix) == (4, 3, 3, 3)
    letters = {letter["source"]: letter for letter in topic_content(market.topics.dead_letter)}
    assert "schema_changed" in letters["cboe"]["reason"] and letters["cboe"]["payload"] == "nonsense"
    assert "'closed_down' of feed 'vix' is not one of this version" in letters["closed_down"]["reason"]
    assert broken.name in letters["raw"]["reason"]


def test_since_and_until_are_those_of_the_receipt(market: Settings, kept: RawStore) -> None:
    times = [NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=2)]
    for at in times:
        kept.keep(replace(VIX, received_at=at, body=b"nonsense"))
    seen: list[tuple[int, int]] = []
    sent = Recorded()
    publish_raw(kept.folder, times[0], times[1], sender=sent, progress=lambda done, total: seen.append((done, total)))
    assert [content["failed_at"] for _, _, content in sent.sent] == ["2024-03-20T17:47:00Z"]
    assert seen == [(1, 1)]


def test_since_the_first_day_of_all_is_everything(market: Settings, kept: RawStore) -> None:
    """It ended in a traceback: forty days before it there is no date."""
    kept.keep(VIX)
    assert main([str(kept.folder), "--since", "0001-01-01T00:00:00Z"]) == 0
    assert len(topic_content(market.topics.vix)) == 3


@pytest.mark.parametrize("below", ["", "vix", "vix/2026-11-20"])
def test_any_folder_of_payloads_will_do_also_a_copy(
    below: str, market: Settings, kept: RawStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = kept.keep(VIX)
    shutil.copytree(kept.folder / below, tmp_path / "copy")
    assert main([str(tmp_path / "copy")]) == 0
    assert capsys.readouterr().out.startswith("1 payloads, 0 of them refused; published 3 messages")
    assert [vix["raw_ref"] for vix in topic_content(market.topics.vix)] == [ref] * 3


def test_a_copy_with_a_name_of_its_own_is_a_payload_also_of_what_came_before(market: Settings, kept: RawStore) -> None:
    """Its header says whose it is."""
    released = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)
    for minutes, actual in ((5, "0.3%"), (35, "0.4%")):
        page = calendar_page(event_row(actual=actual)).encode()
        at = released + timedelta(minutes=minutes)
        ref = kept.keep(Raw("economic", "investing", "events", at, page, content_type="text/html; charset=utf-8"))
        shutil.move(kept.folder / str(ref), kept.folder / f"page{minutes}.gz")
    sent = Recorded()
    publish_raw(kept.folder, released + timedelta(minutes=20), sender=sent)
    assert [(one["known_at"], one["actual"]) for _, _, one in sent.sent] == [("2026-06-10T13:05:00Z", 0.4)]


def test_pages_of_before_are_read_for_events_alone(
    market: Settings, kept: RawStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month of a calendar's pages takes minutes, and neither VIX nor bars hang on them."""
    page = calendar_page(event_row()).encode()
    kept.keep(Raw("economic", "investing", "events", datetime(2026, 6, 10, 13, tzinfo=UTC), page))
    kept.keep(VIX)
    read: list[str] = []
    monkeypatch.setattr("jobs.replay_raw.messages_of", lambda raw: [read.append(raw.source), *messages_of(raw)][1:])
    publish_raw(kept.folder, datetime(2026, 11, 1, tzinfo=UTC), sender=Recorded())
    assert read == ["cboe"]


def test_what_lies_beside_a_copied_day_is_no_record_of_the_days_before(
    market: Settings, kept: RawStore, tmp_path: Path
) -> None:
    """Its folder may be anybody's home, with years of others' files."""
    released = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)
    others = RawStore(tmp_path / "downloads", 10_000, 10**9)
    for store, minutes, actual in ((others, 5, "0.3%"), (kept, 35, "0.4%")):
        page = calendar_page(event_row(actual=actual)).encode()
        at = released + timedelta(minutes=minutes)
        store.keep(Raw("economic", "investing", "events", at, page, content_type="text/html; charset=utf-8"))
    shutil.copytree(kept.folder / "economic" / "2026-06-10", tmp_path / "2026-06-10")
    sent = Recorded()
    publish_raw(tmp_path / "2026-06-10", sender=sent)
    assert [(one["known_at"], one["actual"]) for _, _, one in sent.sent] == [("2026-06-10T12:30:00Z", 0.4)]


def test_the_command_in_a_process_of_its_own(market: Settings, kept: RawStore) -> None:
    kept.keep(VIX)
    command = [sys.executable, "-m", "jobs.replay", str(kept.folder), "--until", "2026-11-20T18:00:00Z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "vix 3" in done.stdout and len(done.stdout.splitlines()) == 1
    assert len(topic_content(market.topics.vix)) == 3


def test_a_recording_is_told_from_payloads(tmp_path: Path, kept: RawStore) -> None:
    recording = write_recording(tmp_path / "rec", bars=[])
    (recording / "bars.csv.gz").write_bytes(b"no payload")
    assert not is_raw_folder(recording)
    assert not is_raw_folder(tmp_path / "nowhere")
    kept.keep(VIX)
    assert is_raw_folder(kept.folder)
    shutil.copy(kept.folder / next(kept.refs()), recording)
    assert not is_raw_folder(recording)


@pytest.mark.parametrize("arguments", [["--speed", "2"], ["--live-last", "3"]])
def test_what_is_for_recordings_alone_is_refused(arguments: list[str], kept: RawStore) -> None:
    kept.keep(VIX)
    with pytest.raises(SystemExit) as stopped:
        main([str(kept.folder), *arguments])
    assert stopped.value.code == 2


def test_the_parser_is_found_by_name_and_feed() -> None:
    (first, *_) = messages_of(VIX)
    assert isinstance(first, Vix) and first.value == 18.4 and first.raw_ref == VIX.ref
    assert isinstance(messages_of(BARS)[0], Bar)
    for unknown in (replace(VIX, source="nobody"), replace(VIX, feed="cot")):
        with pytest.raises(UnknownSource, match="of this version"):
            messages_of(unknown)


def test_a_spiders_page_goes_to_its_reader() -> None:
    page = Raw("vix", "cnbc", "VIX", NOW, b"<html>nothing here</html>", content_type="text/html; charset=utf-8")
    with pytest.raises(Exception, match="cnbc: schema_changed"):
        messages_of(page)


def test_a_book_of_nobodys_instrument_stays_as_it_is(market: Settings) -> None:
    (book,) = messages_of(BOOK)
    assert isinstance(book, Book)
    assert as_instrument(book, "another") == book
    renamed = as_instrument(book, "iex_deep")
    assert isinstance(renamed, Book) and renamed.symbol == "MSFT"
