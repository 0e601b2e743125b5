"""A main job that fails says what is wrong in a sentence, and how to end what it has started."""

from pathlib import Path

import pytest

from local import main_job
from local.errors import StackError


def test_a_failed_run_says_that_the_stack_stays_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(profile: str, folder: Path | None) -> str:
        raise StackError(f"no source of {profile} answers")

    monkeypatch.setattr(main_job, "run", fail)
    assert main_job.main(["--profile", "live"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "error: no source of live answers"
    assert "`make stop` ends it" in second
