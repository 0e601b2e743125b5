"""COT reports that the CFTC does not publish at their hour, on real Kafka: known from when they were seen."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from jobs.feeds.__main__ import main
from jobs.feeds.collect import collect
from jobs.feeds.collected import Attempt, Collected, Want
from jobs.feeds.feed import Query
from jobs.feeds.freshness import newest_cot_due
from jobs.feeds.overdue import note_overdue, start_of, with_times_of_publication
from jobs.feeds.slow import REACH, fetch_slow, fetch_values
from jobs.feeds.state import feed_state
from jobs.raw_payload import Raw
from jobs.raw_store import raw_store
from jobs.replay_raw import publish_raw
from market.cot_schedule import published_at
from market.feed_settings import Feed
from market.messages import Cot, Message
from market.settings import Settings
from tests.jobs.feeds.samples import cot_row
from tests.jobs.feeds.server import Server, body, serving
from tests.jobs.feeds.topics import published
from tests.jobs.recording_world import Recorded
from tests.market_world import forget_settings

A_WEEK = timedelta(days=7)
TUESDAY, SCHEDULED = date(2027, 1, 12), datetime(2027, 1, 15, 20, 30, tzinfo=UTC)  # 15:30 New York on the Friday
MISSED_AT = SCHEDULED + timedelta(hours=5)  # the evening's tries
SEEN_AT = SCHEDULED + timedelta(days=28)


def report(as_of: date, received_at: datetime, known_at: datetime = SCHEDULED) -> Cot:
    day = datetime.combine(as_of, time(), UTC)
    times = {"as_of": day, "source_time": day, "known_at": known_at, "received_at": received_at}
    return Cot(source="cftc", contract="099741", group="asset_manager", long=1.0, short=2.0, **times)


def lacking(*sources: str, newest: date = TUESDAY - A_WEEK) -> Collected:
    """A run in which these answered, none with a newer report."""
    attempts = [Attempt(source, "stale") for source in sources]
    shown = [report(newest, MISSED_AT)]
    return Collected(Want("cot", "099741", sources), shown, sources[0], stale=True, attempts=attempts)


def told(as_of: date, received_at: datetime) -> datetime:
    [message] = with_times_of_publication([report(as_of, received_at)], feed_state())
    assert isinstance(message, Cot)
    return message.known_at


def test_one_that_the_cftc_lacks_hours_after_its_hour_is_known_from_when_it_is_seen(own_state: None) -> None:
    """A lapse of appropriations: told as known at its hour it was in the features of weeks that could not know it."""
    note_overdue(lacking("tradingster", "cftc"), feed_state(), MISSED_AT)
    assert told(TUESDAY, SEEN_AT) == SEEN_AT
    assert told(TUESDAY, SEEN_AT + timedelta(days=1)) == SEEN_AT, "and keeps that time"
    assert told(TUESDAY - A_WEEK, SEEN_AT) == SCHEDULED, "one that was there keeps its hour"


def test_a_report_of_a_holidays_week_is_as_of_monday(own_state: None) -> None:
    note_overdue(lacking("cftc"), feed_state(), MISSED_AT)
    assert told(TUESDAY - timedelta(days=1), SEEN_AT) == SEEN_AT


@pytest.mark.parametrize(
    ("run", "at"),
    [
        (lacking("cftc", newest=TUESDAY), MISSED_AT),
        (lacking("cftc", newest=TUESDAY - timedelta(days=1)), MISSED_AT),
        (lacking("tradingster"), MISSED_AT),  # the site is late, which says nothing of the CFTC
        (lacking("cftc"), SCHEDULED + timedelta(hours=2)),  # Socrata's rows may come later than the text
    ],
)
def test_one_that_may_have_been_published_is_known_from_its_hour(run: Collected, at: datetime, own_state: None) -> None:
    note_overdue(run, feed_state(), at)
    assert told(TUESDAY, SEEN_AT) == SCHEDULED


def test_of_old_answers_the_newest_counts(own_state: None) -> None:
    """The first one did: a site that lags made a report overdue which the CFTC showed."""
    shown = {"cftc": TUESDAY - 2 * A_WEEK, "cftc_weekly": TUESDAY - A_WEEK}

    def ask(feed: Feed, source: str, query: Query, total_s: float) -> list[Message]:
        return [report(shown[source], MISSED_AT)]

    want = Want("cot", "099741", [*shown])
    found = collect(want, asker=ask, now=lambda: MISSED_AT, again=False)
    assert (found.source, found.stale) == ("cftc_weekly", True)


def run_of_a_lapse(now: datetime, shown: date) -> Collected:
    """The day's run while that is the newest report of the CFTC, which has those of a year."""
    days = [shown - n * A_WEEK for n in range(52)]

    def ask(feed: Feed, source: str, query: Query, total_s: float) -> list[Message]:
        return [scheduled(day, now) for day in days if query.wants(published_at(day))]

    start = start_of("099741", now - REACH["cot"], feed_state(), now)
    found = collect(Want("cot", "099741", ["cftc"], start=start), asker=ask, now=lambda: now, again=False)
    note_overdue(found, feed_state(), now)
    return found


def scheduled(as_of: date, received_at: datetime) -> Cot:
    return report(as_of, received_at, published_at(as_of))


@pytest.mark.parametrize("first_run", [1, 40])  # day of the lapse: a machine may be new
def test_a_lapse_may_be_longer_than_a_run_looks_back(first_run: int, own_state: None) -> None:
    """Weeks 5 and 6 of one, as in 2025, were told as known at their hours, and of its backlog nothing at all."""
    began = published_at(TUESDAY - A_WEEK)
    for day in range(first_run, 44):
        run_of_a_lapse(began + timedelta(days=day, hours=5), TUESDAY - A_WEEK)
    missed = [TUESDAY + n * A_WEEK for n in range(6)]
    at = began + timedelta(days=45)
    assert missed[0] in [one.as_of.date() for one in run_of_a_lapse(at, missed[0]).messages if isinstance(one, Cot)]
    told = with_times_of_publication([scheduled(day, at) for day in missed], feed_state())
    assert [one.known_at for one in told if isinstance(one, Cot)] == [at] * len(missed)


@pytest.fixture
def use(fresh_topics: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[Server], None]:
    instruments = {"ES": {"calendar": "24/7", "bar_minutes": 60, "cot_contract": "13874A"}}
    sources: dict[str, Sequence[str]] = {"book": [], "bars": [], "vix": [], "cot": ["cftc"], "economic": []}
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(instruments))
    monkeypatch.setenv("MARKET_FEEDS__SOURCES", json.dumps(sources))
    monkeypatch.setenv("MARKET_FEEDS__OBEY_ROBOTS", "false")  # else the first answer would be taken for its rules

    def at(server: Server) -> None:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"cftc": server.url}))
        forget_settings()

    return at


def test_a_run_tells_the_backlog_as_known_when_it_came(use: Callable[[Server], None]) -> None:
    began = datetime.now(UTC)
    due = newest_cot_due(began)
    before, late = due - 2 * A_WEEK, due - A_WEEK
    rows = [cot_row(f"{day}") for day in (before, late, due)]
    with serving(body(json.dumps(rows[:1])), body(json.dumps(rows))) as cftc:
        use(cftc)
        assert [one.stale for one in fetch_slow("cot")] == [True]
        assert [one.complete for one in fetch_slow("cot")] == [True]
    known = {(one["as_of"][:10], datetime.fromisoformat(one["known_at"]) > began) for _, one in published("cot")}
    assert known >= {(f"{before}", False), (f"{late}", True)}
    assert (f"{late}", False) not in known


@pytest.mark.parametrize("kept", [2, 1], ids=["all of it", "its answer alone"])
def test_a_replay_of_the_record_elsewhere_tells_the_backlog_as_known_when_it_came(
    use: Callable[[Server], None], kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the memory of the machine that had asked knew it: elsewhere the past's features held it from its hour on."""
    due = newest_cot_due(datetime.now(UTC))
    rows = [cot_row(f"{due - n * A_WEEK}") for n in (2, 1, 0)]
    with serving(body(json.dumps(rows[:1])), body(json.dumps(rows))) as cftc:
        use(cftc)
        fetch_slow("cot")
        fetch_slow("cot")
    answers = sorted(raw_store().folder.rglob("*.gz"))
    assert len(answers) == 2
    copied = tmp_path / "copied"
    copied.mkdir()
    for path in answers[-kept:]:
        shutil.copy(path, copied)
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path / "elsewhere"))
    told = [(one["as_of"], one["group"], one["known_at"]) for _, one in published("cot")]
    forget_settings()
    sent = Recorded()
    publish_raw(copied, sender=sent)
    found = [(one["as_of"], one["group"], one["known_at"]) for _, _, one in sent.sent]
    assert sorted(found) == sorted(told if kept == 2 else told[-len(found) :])
    assert len(found) == (8 if kept == 2 else 6)


def test_a_replay_here_knows_what_the_record_does_not_say(use: Callable[[Server], None]) -> None:
    """As of a record of before it said so, or of a run that was killed between Kafka's word and the note."""
    due = newest_cot_due(datetime.now(UTC))
    rows = [cot_row(f"{due - n * A_WEEK}") for n in (1, 0)]
    with serving(body(json.dumps(rows[:1])), body(json.dumps(rows))) as cftc:
        use(cftc)
        fetch_slow("cot")
        fetch_slow("cot")
    for path in raw_store().folder.rglob("*.gz"):
        path.write_bytes(replace(Raw.from_file(path), late={}).to_bytes())
    sent = Recorded()
    publish_raw(raw_store().folder, sender=sent)
    replayed = [(one["as_of"], one["known_at"]) for _, _, one in sent.sent]
    assert len(replayed) == 6
    assert replayed == [(one["as_of"], one["known_at"]) for _, one in published("cot")]


def test_a_record_that_nobody_could_publish_tells_no_late_report_at_its_hour(
    use: Callable[[Server], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka was down, or the run killed, when it came: the record of the next run alone says that it was late."""
    due = newest_cot_due(datetime.now(UTC))
    rows = [cot_row(f"{due - n * A_WEEK}") for n in (1, 0)]
    with serving(body(json.dumps(rows[:1])), body(json.dumps(rows))) as cftc:
        use(cftc)
        fetch_slow("cot")
        assert main(["cftc", "--symbol", "13874A"]) == 0
    [late] = [path for path in raw_store().folder.rglob("*.gz") if Raw.from_file(path).late]
    told = Raw.from_file(late)
    raw_store().keep(replace(told, received_at=told.received_at - timedelta(hours=1), late={}))
    copied = shutil.copytree(raw_store().folder, tmp_path / "copied")
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path / "elsewhere"))
    forget_settings()
    sent = Recorded()
    publish_raw(copied, sender=sent)
    known = [datetime.fromisoformat(one["known_at"]) for _, _, one in sent.sent if one["as_of"][:10] == f"{due}"]
    assert known == [told.received_at] * 4, "of two groups in two records"


def test_a_run_looks_back_to_the_first_that_is_overdue(use: Callable[[Server], None]) -> None:
    began = datetime.now(UTC)
    late = newest_cot_due(began) - 8 * A_WEEK
    with feed_state().update("overdue", "13874A") as entry:
        entry[f"{late}"] = None
    with serving(body(json.dumps([cot_row(f"{late}")]))) as cftc:
        use(cftc)
        fetch_slow("cot")
    known = [(one["as_of"][:10], datetime.fromisoformat(one["known_at"]) > began) for _, one in published("cot")]
    assert known == [(f"{late}", True)] * 2, "of two groups"


def test_one_that_is_asked_for_by_hand_has_that_time_too(use: Callable[[Server], None]) -> None:
    """Told once more as known at its hour, it would be in the past all the same."""
    began = datetime.now(UTC)
    late = newest_cot_due(began) - A_WEEK
    with feed_state().update("overdue", "13874A") as entry:
        entry[f"{late}"] = None
    with serving(body(json.dumps([cot_row(f"{late}")]))) as cftc:
        use(cftc)
        assert main(["cftc", "--symbol", "13874A"]) == 0
    known = [datetime.fromisoformat(one["known_at"]) for _, one in published("cot")]
    assert len(known) == 2 and min(known) > began, "of two groups"


def test_a_recording_of_the_live_history_has_that_time_too(use: Callable[[Server], None]) -> None:
    began = datetime.now(UTC)
    late = newest_cot_due(began) - A_WEEK
    with feed_state().update("overdue", "13874A") as entry:
        entry[f"{late}"] = None
    with serving(body(json.dumps([cot_row(f"{late - A_WEEK}"), cot_row(f"{late}")]))) as cftc:
        use(cftc)
        found = [one for one in fetch_values("cot", began - timedelta(days=60)) if isinstance(one, Cot)]
    assert {(one.as_of.date(), one.known_at > began) for one in found} == {(late - A_WEEK, False), (late, True)}
    [answer] = raw_store().folder.rglob("*.gz")
    assert [*Raw.from_file(answer).late] == [f"13874A {late}"], "its payload may be replayed elsewhere, too"
