"""`python -m jobs.fixture REF`: makes a test fixture of a recorded payload, and the test that is still to be written.

Writes the body as it came and a .toml of its facts, and prints a test whose expected values are left for a person: a
test that copies what the parser says today can never find it wrong.
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from jobs.raw_payload import Raw, RawError
from jobs.raw_store import raw_store
from market.console import run_command
from market.settings import ROOT, SettingsError

ENDINGS = {"json": ".json", "csv": ".csv", "html": ".html", "zip": ".zip", "xml": ".xml", "text": ".txt"}
"""By a word of the content type."""

SKELETON = '''\
"""{source}'s payload of {received_at}, as it was recorded."""

from pathlib import Path

from jobs.fixture import read_fixture
from jobs.raw_parsers import messages_of

FIXTURE = Path("{facts}")


def test_{name}() -> None:
    messages = messages_of(read_fixture(FIXTURE))
    # Read the values from the body itself, {body}, by eye or with another tool, not from what the parser
    # prints: copied from there, they would call right whatever it does today, and this test could never fail.
    assert len(messages) == ...
    assert messages[0].model_dump(exclude={{"raw_ref", "schema_version"}}) == ...
    assert messages[-1].model_dump(exclude={{"raw_ref", "schema_version"}}) == ...
'''


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 and the test on stdout, or 1 and what is wrong with the payload on stderr."""
    parser = argparse.ArgumentParser(prog="python -m jobs.fixture", description="A test fixture of a recorded payload.")
    parser.add_argument("ref", metavar="REF", help="the raw_ref of a message or dead letter, or a payload's file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: tests/data/<source>")
    options = parser.parse_args(arguments)
    try:
        raw = Raw.from_file(Path(options.ref)) if Path(options.ref).is_file() else raw_store().read(options.ref)
        facts = write_fixture(raw, options.out or ROOT / "tests" / "data" / raw.source)
    except (RawError, SettingsError, OSError) as error:
        print(f"no fixture: {error}", file=sys.stderr)
        return 1
    print(skeleton(raw, facts), end="")
    print(f"wrote {facts} and {_body_of(facts, raw).name}", file=sys.stderr)
    return 0


def write_fixture(raw: Raw, folder: Path) -> Path:
    """Writes body and facts; returns the facts' file. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = folder / f"{_name(raw)}.toml"
    _body_of(facts, raw).write_bytes(raw.body)
    facts.write_text(_toml(raw), encoding="utf-8")
    return facts


def read_fixture(facts: Path) -> Raw:
    """The payload of a fixture. Raises RawError when its body has been changed, OSError when it is missing."""
    read = tomllib.loads(facts.read_text(encoding="utf-8"))
    body = (facts.parent / read["body"]).read_bytes()
    if sha256(body).hexdigest() != read["sha256"]:
        raise RawError(f"{facts.parent / read['body']} is not the body whose sha256 {facts.name} names")
    return Raw(
        **{name: read[name] for name in ("feed", "source", "symbol", "received_at", "path", "params", "whole")},
        content_type=read["content_type"],
        interval=timedelta(seconds=read["interval"]) if "interval" in read else None,
        start=read.get("start"),
        end=read.get("end"),
        since=read.get("since"),
        posted=read.get("posted"),
        body=body,
    )


def skeleton(raw: Raw, facts: Path) -> str:
    """The test to paste; its expected values are `...`."""
    shown = facts.resolve()
    shown = shown.relative_to(ROOT) if shown.is_relative_to(ROOT) else facts
    return SKELETON.format(
        source=raw.source,
        received_at=raw.received_at.isoformat(),
        facts=shown.as_posix(),
        name=_name(raw),
        body=_body_of(facts, raw).name,
    )


def _name(raw: Raw) -> str:
    return re.sub(r"\W", "_", f"{raw.source}_{raw.symbol}_{raw.received_at:%Y%m%dT%H%M%S%f}", flags=re.ASCII).lower()


def _body_of(facts: Path, raw: Raw) -> Path:
    ending = next((ending for word, ending in ENDINGS.items() if word in raw.content_type), ".bin")
    return facts.with_suffix(ending)


def _toml(raw: Raw) -> str:
    """JSON's strings, booleans and numbers are TOML's; TOML has times of its own, and no null."""
    texts = {"body": _body_of(Path(f"{_name(raw)}.toml"), raw).name, "feed": raw.feed, "source": raw.source}
    texts |= {"symbol": raw.symbol, "path": raw.path, "content_type": raw.content_type}
    texts |= {"sha256": sha256(raw.body).hexdigest()}
    texts |= {} if raw.posted is None else {"posted": raw.posted}
    lines = [f"{name} = {_text(value)}" for name, value in texts.items()]
    lines.append(f"whole = {json.dumps(raw.whole)}")
    times = {"received_at": raw.received_at, "since": raw.since, "start": raw.start, "end": raw.end}
    lines += [f"{name} = {moment.isoformat()}" for name, moment in times.items() if moment is not None]
    if raw.interval is not None:
        lines.append(f"interval = {raw.interval.total_seconds()}  # seconds")
    lines += ["", "[params]", *(f"{_text(name)} = {_text(value)}" for name, value in raw.params.items())]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A TOML string: JSON's, whose escapes TOML knows but for DEL and pairs of surrogates."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


if __name__ == "__main__":
    sys.exit(run_command(main))
