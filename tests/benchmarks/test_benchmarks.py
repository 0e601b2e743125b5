"""The command that runs the benchmarks says what there are before it runs half an hour of them."""

import pytest

from benchmarks.__main__ import main, names


def test_the_help_names_them_and_runs_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert all(name in told for name in names())


def test_an_unknown_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["feed_parse", "feed_sparse"])
    assert ended.value.code == 2
    assert "no benchmark feed_sparse; there are backfill, " in " ".join(capsys.readouterr().err.split())
