"""Train, export, register, judge, promote, roll back: on the real MariaDB, over synthetic bars."""

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import onnx
import pymysql
import pytest
import torch
from onnx import numpy_helper

from market.database import connect
from market.features import catalogue
from market.settings import get_settings
from tests.base_rows import SYMBOL
from training import dataset, export, promote, registry, report, train
from training.model import MoveModel, Probabilities
from training.registry import Model

pytestmark = pytest.mark.usefixtures("no_models")


def biased(model: Model, version: str, shift: float) -> Model:
    """The same network with `shift` added to every logit: worse calibrated, otherwise whole."""
    proto = onnx.load_from_string(model.onnx)
    biases = [tensor for tensor in proto.graph.initializer if tensor.name.endswith("head.bias")]
    assert len(biases) == 1
    biases[0].CopyFrom(numpy_helper.from_array(numpy_helper.to_array(biases[0]) + np.float32(shift), biases[0].name))
    content = proto.SerializeToString()
    return replace(model, version=version, onnx=content, sha256=hashlib.sha256(content).hexdigest())


@pytest.fixture
def low_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """The floors out of reach, which have a test of their own: two epochs on synthetic bars are not what they judge."""
    monkeypatch.setattr(promote, "SKILL_FLOOR", -10.0)
    monkeypatch.setattr(promote, "MEAN_FLOOR", -10.0)
    monkeypatch.setattr(promote, "MIN_BARS", 50)


def status(version: str) -> str:
    return registry.inspect(version).status


def test_the_trained_row_is_whole(trained: Model) -> None:
    assert trained.status == "challenger"
    assert trained.feature_hash == catalogue().hash
    assert trained.window == get_settings().training.window
    assert set(trained.thresholds) == set(trained.metrics["test"]["labels"]) == {"up1", "up2", "down1", "down2"}
    assert (
        trained.trained_from
        < trained.trained_to
        < datetime.fromisoformat(trained.metrics["unseen_from"]).replace(tzinfo=None)
    )
    progress = json.loads(train.progress_path().read_text())
    assert progress["done"] == progress["total"]


def test_a_planted_signal_is_found(trained: Model) -> None:
    assert trained.metrics["test"]["mean"]["auc"] > 0.55


def test_the_bytes_say_what_they_read(trained: Model) -> None:
    runtime = export.session(trained.onnx)
    metadata = runtime.get_modelmeta().custom_metadata_map
    assert metadata["feature_hash"] == catalogue().hash
    assert metadata["window"] == "30"
    assert tuple(json.loads(metadata["feature_names"])) == catalogue().names
    (given,), (wanted,) = runtime.get_inputs(), runtime.get_outputs()
    assert (given.name, given.type, given.shape) == (
        "features",
        "tensor(float)",
        ["batch", 30, len(catalogue().names)],
    )
    assert (wanted.name, wanted.shape) == ("probabilities", ["batch", 4])
    assert b"/training/" not in trained.onnx  # the exporter's notes hold paths of the machine


def test_stored_bytes_give_the_scores_that_were_measured(trained: Model) -> None:
    snapshot = dataset.load((SYMBOL,))
    folds = dataset.split(snapshot, trained.window, 0.12, 0.12)
    again = promote.score(trained, snapshot, folds.test)
    assert again["mean"]["log_loss"] == pytest.approx(trained.metrics["test"]["mean"]["log_loss"], abs=1e-6)


def test_any_batch_and_missing_rows_give_probabilities(trained: Model) -> None:
    windows = np.full((5, 30, len(catalogue().names)), np.nan, np.float32)
    said = export.probabilities(export.session(trained.onnx), windows)
    assert said.shape == (5, 4)
    assert ((said > 0) & (said < 1)).all()


def test_a_graph_that_differs_from_torch_is_not_exported(trained: Model) -> None:
    count = len(catalogue().names)
    other = MoveModel(
        mean=torch.zeros(count),
        std=torch.ones(count),
        varying=torch.arange(3),
        base_rate=torch.full((4,), 0.4),
        hidden=2,
        dropout_in=0.0,
        dropout_out=0.0,
    )
    with pytest.raises(export.ExportMismatch, match="differs from torch"):
        export.verify(trained.onnx, Probabilities(other).eval(), trained.window, count)


def test_the_table_holds_one_champion(trained: Model) -> None:
    for version in ("a", "b"):
        registry.register(replace(trained, version=version))
    registry.promote("a", None)
    with (
        pytest.raises(pymysql.err.IntegrityError, match="one_champion"),
        connect("trainer") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE model SET status = 'champion' WHERE version = 'b'")


def test_promotion_retires_the_old_champion_and_rollback_returns_it(trained: Model) -> None:
    for version, before in (("a", None), ("b", "a"), ("c", "b")):
        registry.register(replace(trained, version=version))
        registry.promote(version, before)
    assert [status(version) for version in "abc"] == ["retired", "retired", "champion"]
    assert registry.rollback("default") == ("b", "c")
    assert registry.rollback("default") == ("a", "b")
    with pytest.raises(registry.WrongStatus, match="no former champion"):
        registry.rollback("default")
    assert {model.version: model.status for model in registry.models("default")} == {
        "a": "champion",
        "b": "retired",
        "c": "retired",
    }


def test_a_champion_that_changed_since_the_judgement_stays(trained: Model) -> None:
    for version in ("a", "b"):
        registry.register(replace(trained, version=version))
    registry.promote("a", None)
    with pytest.raises(registry.WrongStatus, match="the champion is now a, not None"):
        registry.promote("b", None)
    assert status("b") == "challenger"


@pytest.mark.usefixtures("low_bar")
def test_a_sane_first_model_is_promoted_and_a_worse_one_refused(
    trained: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.register(replace(trained, version="first"))
    registry.register(biased(trained, "worse", 2.0))
    assert promote.command(["first"]) == 0
    assert promote.command(["worse"]) == promote.REFUSED
    assert (status("first"), status("worse")) == ("champion", "challenger")
    assert "is not better than" in capsys.readouterr().out


@pytest.mark.usefixtures("low_bar")
def test_a_better_model_replaces_the_champion(trained: Model) -> None:
    registry.register(biased(trained, "worse", 2.0))
    registry.register(replace(trained, version="better"))
    registry.promote("worse", None)
    assert promote.command(["better"]) == 0
    assert (status("better"), status("worse")) == ("champion", "retired")
    assert promote.command(["--rollback"]) == 0
    assert (status("better"), status("worse")) == ("retired", "champion")


def test_a_first_model_worse_than_the_base_rate_is_refused(trained: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promote, "MIN_BARS", 50)
    verdict = promote.judge(biased(trained, "broken", 3.0), None)
    assert not verdict.promoted
    assert "worse than the base rate" in verdict.reason


def test_tampered_bytes_are_refused(trained: Model) -> None:
    registry.register(replace(trained, version="spoilt", onnx=trained.onnx[:-1] + b"\x00\x00"))
    with pytest.raises(registry.ModelTampered, match="sha256"):
        registry.load("spoilt")
    assert promote.command(["spoilt"]) == promote.REFUSED
    assert status("spoilt") == "challenger"


@pytest.mark.usefixtures("low_bar")
def test_a_model_of_another_catalogue_is_refused_as_challenger_and_replaced_as_champion(trained: Model) -> None:
    former = replace(trained, version="former", feature_hash="0" * 16)
    assert "was trained on catalogue 0000" in promote.judge(former, None).reason
    verdict = promote.judge(trained, former)
    assert verdict.promoted
    assert "can no longer serve" in verdict.reason


def test_too_few_unseen_bars_are_refused(trained: Model) -> None:
    late = replace(trained, metrics=trained.metrics | {"unseen_from": "2024-02-04T00:00:00+00:00"})
    assert "labelled bars since 2024-02-04" in promote.judge(late, None).reason


def test_an_unknown_version_is_refused() -> None:
    assert promote.command(["nosuch"]) == promote.REFUSED


def test_a_challenger_can_be_retired(trained: Model) -> None:
    registry.register(replace(trained, version="a"))
    registry.retire("a")
    assert status("a") == "retired"


def test_the_report_shows_each_label(trained: Model, tmp_path: Path) -> None:
    registry.register(replace(trained, version="a"))
    text = report.main("a", tmp_path / "a.md").read_text()
    for heading in ("# Model a", "### up1", "### down2", "Direction AUC", "| train | 2024-01-"):
        assert heading in text
