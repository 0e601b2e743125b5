"""The recorder on a real disk: what is written comes back, what is broken is named, what is old goes."""

import gzip
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from jobs.raw_payload import Raw, RawError
from jobs.raw_store import RawStore
from market.settings import ROOT

NOON = datetime(2026, 11, 20, 12, 0, 0, 250, tzinfo=UTC)
BODY = b'{"a": 1}\nsecond line\x00\xff'


def raw(received_at: datetime = NOON, body: bytes = BODY, **changed: object) -> Raw:
    given = {"feed": "bars", "source": "alpha_vantage", "symbol": "EUR/USD", **changed}
    return Raw(received_at=received_at, body=body, **given)  # type: ignore[arg-type]


def store(folder: Path, keep_days: int = 30, max_bytes: int = 10**9) -> RawStore:
    return RawStore(folder, keep_days, max_bytes)


def test_a_payload_comes_back_as_it_was(tmp_path: Path) -> None:
    given = raw(
        path="/query",
        params={"function": "X"},
        interval=timedelta(minutes=5),
        start=NOON - timedelta(days=1),
        end=NOON,
        whole=False,
        content_type="application/json",
    )
    kept = store(tmp_path / "raw")
    ref = kept.keep(given)
    assert ref == f"bars/2026-11-20/120000000250_alpha_vantage_EUR-USD_{sha256(BODY).hexdigest()[:8]}.gz"
    assert kept.read(ref) == given
    assert [path.name for path in (tmp_path / "raw" / ref).parent.iterdir()] == [Path(ref).name]  # and no draft


def test_a_payload_that_came_before_is_read_with_the_clock_of_then(tmp_path: Path) -> None:
    then, kept = NOON - timedelta(days=45), store(tmp_path)
    again = kept.read(str(kept.keep(raw(since=then))))
    assert (again.clock, again.received_at) == (then, NOON)
    assert kept.read(str(kept.keep(raw(NOON + timedelta(hours=1))))).clock == NOON + timedelta(hours=1)


def test_a_record_of_before_the_first_receipt_was_written_can_be_read(tmp_path: Path) -> None:
    kept = store(tmp_path)
    ref = str(kept.keep(raw()))
    header, _, body = gzip.decompress((tmp_path / ref).read_bytes()).partition(b"\n")
    older = {name: value for name, value in json.loads(header).items() if name != "since"}
    (tmp_path / ref).write_bytes(gzip.compress(json.dumps(older).encode() + b"\n" + body))
    assert kept.read(ref) == raw()


def test_what_was_posted_comes_back(tmp_path: Path) -> None:
    kept = store(tmp_path)
    assert kept.read(str(kept.keep(raw(posted='{"coin": "@142"}')))).posted == '{"coin": "@142"}'


def test_the_file_is_one_line_of_json_and_the_body(tmp_path: Path) -> None:
    ref = store(tmp_path).keep(raw(interval=timedelta(hours=1)))
    header, _, body = gzip.decompress((tmp_path / str(ref)).read_bytes()).partition(b"\n")
    assert body == BODY
    told = json.loads(header)
    assert (told["received_at"], told["interval"], told["end"]) == ("2026-11-20T12:00:00.000250+00:00", 3600.0, None)
    assert told["sha256"] == sha256(BODY).hexdigest()


@pytest.mark.parametrize("symbol", ["../../etc/x", ".hidden", "a/b\\c:d*?", "Ä€", "", "x" * 500, "a\nb"])
def test_no_symbol_leaves_its_folder_or_makes_a_name_too_long(symbol: str, tmp_path: Path) -> None:
    kept = store(tmp_path / "raw")
    ref = kept.keep(raw(symbol=symbol, source="s" * 64))
    assert ref is not None and len(ref) <= 255
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]
    assert kept.read(ref).symbol == symbol
    assert list(kept.refs()) == [ref]


def test_the_day_is_that_of_utc(tmp_path: Path) -> None:
    new_york = datetime.fromisoformat("2026-11-20T23:30:00-05:00")
    kept = store(tmp_path)
    ref = kept.keep(raw(new_york))
    assert str(ref).startswith("bars/2026-11-21/043000000000_")
    assert kept.read(str(ref)).received_at == new_york


@pytest.mark.parametrize("ref", ["../secret.gz", "bars/../../secret.gz", "/etc/hostname", "link/secret.gz"])
def test_a_reference_stays_in_the_folder(ref: str, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "secret.gz").write_bytes(raw().to_bytes())
    (tmp_path / "raw" / "link").symlink_to(tmp_path)
    with pytest.raises(RawError, match="leaves the raw folder"):
        store(tmp_path / "raw").read(ref)


def _headed(**changed: object) -> bytes:
    header = {**json.loads(gzip.decompress(raw().to_bytes()).partition(b"\n")[0]), **changed}
    return gzip.compress(json.dumps(header).encode() + b"\n" + BODY)


BROKEN = {
    "cut off": raw().to_bytes()[:-9],
    "empty": b"",
    "not gzip": b"hello",
    "a flipped bit": bytes([*raw().to_bytes()[:40], raw().to_bytes()[40] ^ 1, *raw().to_bytes()[41:]]),
    "another body": gzip.compress(gzip.decompress(raw().to_bytes()).replace(b"second", b"SECOND")),
    "no header": gzip.compress(BODY),
    "a list": gzip.compress(b"[]\n" + BODY),
    "a bad time": _headed(received_at="yesterday"),
    "a bad interval": _headed(interval="soon"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named(name: str, tmp_path: Path) -> None:
    kept = store(tmp_path)
    ref = str(kept.keep(raw()))
    (tmp_path / ref).write_bytes(BROKEN[name])
    with pytest.raises(RawError, match="120000000250_alpha_vantage"):
        kept.read(ref)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("received_at", "2026-11-20T18:00:00"), ("start", "2026-11-20T18:00:00"), ("since", "2026-11-20T18:00:00"),
        ("received_at", "0001-01-01T00:00:00+05:00"), ("symbol", 5), ("source", None), ("params", [1]),
        ("params", {"symbol": 5}), ("interval", 1e300), ("interval", "5"), ("whole", None), ("passed_over", 5),
        ("posted", 5), ("late", 5), ("late", {"13874A 2026-11-10": "soon"}), ("late", {"13874A 2026-11-10": None}),
    ],
)  # fmt: skip
def test_a_header_that_no_recorder_writes_is_a_broken_file(name: str, value: object, tmp_path: Path) -> None:
    header, _, content = gzip.decompress(raw().to_bytes()).partition(b"\n")
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(json.dumps({**json.loads(header), name: value}).encode() + b"\n" + content))
    with pytest.raises(RawError, match=r"x\.gz is no recorded payload: .*" + name):
        Raw.from_file(path)
    store = RawStore(tmp_path, 10_000, 10**9)
    store.note("x.gz", "stale")  # nothing is made of it, and nothing raised


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RawError, match=r"nowhere\.gz"):
        store(tmp_path).read("bars/nowhere.gz")


def test_a_walk_goes_by_time_through_all_feeds(tmp_path: Path) -> None:
    kept = store(tmp_path)
    late, middle, early = NOON + timedelta(days=1), NOON, NOON - timedelta(microseconds=1)
    for at, feed in ((late, "book"), (early, "vix"), (middle, "bars")):
        kept.keep(raw(at, feed=feed))
    (tmp_path / "bars" / "notes").mkdir()
    (tmp_path / "bars" / "2026-11-20" / ".draft").write_bytes(b"half")
    assert [found.received_at for _, found in kept.walk()] == [early, middle, late]
    assert [found.feed for _, found in kept.walk(feeds=["vix", "book"])] == ["vix", "book"]
    assert [found.received_at for _, found in kept.walk(since=early, until=middle)] == [middle]  # (since, until]
    assert [ref for ref, _ in kept.walk()] == list(kept.refs())
    assert list(RawStore(tmp_path / "none", 1, 1).walk()) == []


def test_what_comes_within_one_day_stays_bounded_too(tmp_path: Path) -> None:
    """A process that records for long must not fill the disk until midnight."""
    kept, bound = RawStore(tmp_path, keep_days=30, max_bytes=100_000), 100_000
    for second in range(100):
        assert kept.keep(raw(NOON + timedelta(seconds=second), body=random.Random(second).randbytes(10_000)))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.gz")) <= bound + 2 * 10_500
    assert list(kept.refs())[-1].startswith("bars/2026-11-20/120139")


def test_what_is_older_than_the_days_kept_goes_at_the_first_keep_of_a_day(tmp_path: Path) -> None:
    store(tmp_path).keep(raw(NOON - timedelta(days=3)))
    store(tmp_path).keep(raw(NOON - timedelta(days=2)))
    kept = store(tmp_path, keep_days=2)
    kept.keep(raw(NOON))
    assert [found.received_at for _, found in kept.walk()] == [NOON - timedelta(days=2), NOON]
    assert not (tmp_path / "bars" / "2026-11-17").exists()
    old = str(store(tmp_path).keep(raw(NOON - timedelta(days=9))))
    kept.keep(raw(NOON + timedelta(hours=1)))  # the same day: nothing is looked through again
    assert (tmp_path / old).exists()
    kept.keep(raw(NOON + timedelta(days=1)))
    assert not (tmp_path / old).exists()


def test_the_oldest_go_until_the_rest_fits(tmp_path: Path) -> None:
    times = [NOON + timedelta(seconds=second) for second in range(4)]
    for at, feed in zip(times, ("vix", "bars", "book", "bars"), strict=True):
        store(tmp_path).keep(raw(at, feed=feed))
    sizes = [(tmp_path / ref).stat().st_size for ref in store(tmp_path).refs()]
    assert store(tmp_path, max_bytes=sum(sizes)).prune(NOON) == 0
    assert store(tmp_path, max_bytes=sum(sizes[2:])).prune(NOON) == 2
    assert [found.received_at for _, found in store(tmp_path).walk()] == times[2:]


def test_drafts_of_a_killed_writer_go_after_an_hour(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.keep(raw())
    fresh, old = tmp_path / "bars" / "2026-11-20" / ".a", tmp_path / "bars" / "2026-11-20" / ".b"
    for draft, age in ((fresh, 60), (old, 3700)):
        draft.touch()
        os.utime(draft, (NOON.timestamp() - age,) * 2)
    kept.prune(NOON)
    assert fresh.exists() and not old.exists()


def test_a_disk_that_takes_nothing_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "raw").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert store(tmp_path / "raw").keep(raw()) is None
    assert "alpha_vantage: the payload is not recorded" in caplog.text


def test_a_full_disk_is_a_warning_and_leaves_no_half_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The kernel refuses files of more than a kilobyte, as a full disk would."""
    import resource

    kept = store(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        assert kept.keep(raw(body=os.urandom(5000))) is None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "not recorded" in caplog.text
    assert list((tmp_path / "bars" / "2026-11-20").iterdir()) == []


WRITER = """
import os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from jobs.raw_payload import Raw
from jobs.raw_store import RawStore
store, start = RawStore(Path(sys.argv[1]), 30, 100_000), datetime(2026, 11, 24, 10, tzinfo=UTC)
for n in range(200):
    at = start + timedelta(days=n % 3, seconds=n)  # the days change as at many midnights
    assert store.keep(Raw("vix", sys.argv[2], "VIX", at, os.urandom(3000))) is not None, n
"""


def test_writers_that_prune_side_by_side_lose_no_payload(tmp_path: Path) -> None:
    """What one listed or was about to write to another one removed as empty: the payload was not recorded."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, f"s{n}"], cwd=ROOT, stderr=subprocess.PIPE, text=True) for n in range(4)]
    errors = [writer.communicate(timeout=60)[1] for writer in writers]
    assert errors == [""] * 4
    kept = [*store(tmp_path).walk()]
    assert 80_000 < sum(len(one.body) for _, one in kept) < 120_000


def test_a_killed_writer_leaves_only_whole_files(tmp_path: Path) -> None:
    script = (
        "import os, sys; from datetime import UTC, datetime; from pathlib import Path;"
        "from jobs.raw_payload import Raw; from jobs.raw_store import RawStore;"
        "store = RawStore(Path(sys.argv[1]), 30, 10**9)\n"
        "while True: store.keep(Raw('bars', 's', 'X', datetime.now(UTC), os.urandom(300_000))); print(1, flush=True)"
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for _ in range(20):
        writer.stdout.readline()
    time.sleep(0.003)
    writer.kill()
    writer.wait()
    assert len(list(store(tmp_path).walk())) >= 20  # each proves its sha256
