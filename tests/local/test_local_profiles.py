"""One state holds one origin of bars: a model trained on others must not answer for them."""

from pathlib import Path

import pytest

from local.errors import StackError
from local.profiles import claim
from tests.stack import changed_environment


def test_another_origin_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var")}):
        claim("recorded", None)
        claim("recorded", None)
        with pytest.raises(StackError, match="profile recorded; `make clean` removes them"):
            claim("simulated", None)
        with pytest.raises(StackError, match="recording"):
            claim("recorded", tmp_path / "mine")
