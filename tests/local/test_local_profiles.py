"""One state holds one origin of bars: a model trained on others must not answer for them."""

from pathlib import Path

import pytest

from jobs.recording_rows import RecordingError
from local.errors import StackError
from local.profiles import claim
from tests.jobs.recording_world import bar_line, write_recording
from tests.stack import changed_environment


def test_another_origin_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var")}):
        claim("recorded", None)
        claim("recorded", None)
        with pytest.raises(StackError, match="profile recorded; `make clean` removes them"):
            claim("simulated", None)
        with pytest.raises(StackError, match="recording"):
            claim("recorded", tmp_path / "mine")


def test_a_recording_that_cannot_be_used_claims_no_state(tmp_path: Path) -> None:
    """A mistyped folder took the state for its own, so that the right one was refused until `make clean`."""
    mine = write_recording(tmp_path / "mine", bars=[bar_line(1), bar_line(2)])
    short = write_recording(tmp_path / "short", bars=[bar_line(1)])
    shifted = write_recording(tmp_path / "shifted", bars=[bar_line(1.5), bar_line(2.5)])
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var"), "MARKET_LOCAL__REPLAY_BARS": "1"}):
        with pytest.raises(RecordingError, match="mien is not a folder"):
            claim("recorded", tmp_path / "mien")
        with pytest.raises(StackError, match="no more than 1 bar times: nothing to train on"):
            claim("recorded", short)
        with pytest.raises(RecordingError, match="do not end where calendar"):
            claim("recorded", shifted)
        claim("recorded", mine)


@pytest.mark.parametrize("profile", ["simulated", "live"])
def test_a_recording_beside_a_profile_with_bars_of_its_own_is_refused(profile: str, tmp_path: Path) -> None:
    """The live bars were those of the state's "recording"; the simulated ones were not simulated."""
    mine = write_recording(tmp_path / "mine", bars=[bar_line(1)])
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var")}):
        with pytest.raises(StackError, match=f"RECORDING .*PROFILE={profile}"):
            claim(profile, mine)
        claim(profile, None)
