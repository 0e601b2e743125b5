"""The predictor against models small enough to compute by hand; no database, no Kafka."""

from dataclasses import dataclass

import numpy as np
import pytest

from inference.errors import BadPrediction, ModelRefused
from inference.predictor import Predictor


@dataclass(frozen=True)
class Features:
    """A catalogue of three."""

    hash: str = "abc"
    names: tuple[str, ...] = ("a", "b", "c")


WEIGHTS = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
BIAS = np.array([0, 0, 0, -2])


@pytest.fixture
def content(build_onnx):
    return build_onnx(WEIGHTS, BIAS, feature_hash="abc")


def test_probabilities_are_those_worked_out_by_hand_in_the_contract_s_order(content, model_row):
    window = np.array([[0, 1, -1], [2, 1, -1], [4, 1, -1], [2, 1, -1], [2, np.nan, -1]])
    # means over five bars, NULL as 0: a = 10/5 = 2, b = 4/5 = 0.8, c = -1; the logistic of each, and of the bias -2
    up1, up2, down1, down2 = Predictor(model_row(content), Features()).predict(window)
    assert up1 == pytest.approx(0.880797, abs=1e-6)
    assert up2 == pytest.approx(0.689974, abs=1e-6)
    assert down1 == pytest.approx(0.268941, abs=1e-6)
    assert down2 == pytest.approx(0.119203, abs=1e-6)


def test_a_batch_gives_each_window_its_own_answer(content, model_row):
    predictor = Predictor(model_row(content), Features())
    windows = np.random.default_rng(1).normal(size=(7, 5, 3))
    alone = [predictor.predict(window) for window in windows]
    np.testing.assert_allclose(predictor.predict_batch(windows), alone, atol=1e-6)


def test_a_window_of_another_shape_is_the_caller_s_mistake(content, model_row):
    with pytest.raises(ValueError, match=r"\(B, \*\(5, 3\)\)"):
        Predictor(model_row(content), Features()).predict(np.zeros((4, 3)))


def test_changed_bytes_are_refused_naming_both_digests(content, model_row):
    with pytest.raises(ModelRefused, match=r"bytes have sha256 [0-9a-f]{64}, registered was 0000"):
        Predictor(model_row(content, sha256="0" * 64), Features())


def test_another_catalogue_is_refused_naming_both_hashes_and_the_way_out(content, model_row):
    with pytest.raises(ModelRefused, match=r"feature_hash abc .* xyz expected; train and promote"):
        Predictor(model_row(content), Features(hash="xyz"))


def test_a_row_that_contradicts_its_onnx_metadata_is_refused(build_onnx, model_row):
    with pytest.raises(ModelRefused, match="feature_hash other in the ONNX metadata"):
        Predictor(model_row(build_onnx(WEIGHTS, BIAS, feature_hash="other")), Features())
    with pytest.raises(ModelRefused, match="metadata says window 6, its row 5"):
        Predictor(model_row(build_onnx(WEIGHTS, BIAS, feature_hash="abc", window=6)), Features())


def test_a_graph_for_another_number_of_features_is_refused(build_onnx, model_row):
    content = build_onnx(np.zeros((2, 4)), BIAS, feature_hash="abc")
    with pytest.raises(ModelRefused, match=r"features is tensor\(float\) \['batch', 5, 2\], expected .*3\]"):
        Predictor(model_row(content), Features())


def test_a_graph_with_other_targets_is_refused(build_onnx, model_row):
    content = build_onnx(np.zeros((3, 2)), np.zeros(2), feature_hash="abc")
    with pytest.raises(ModelRefused, match="probabilities is"):
        Predictor(model_row(content), Features())


def test_a_batch_axis_frozen_by_the_exporter_is_found_at_load(build_onnx, model_row):
    with pytest.raises(ModelRefused, match="does not run on two windows"):
        Predictor(model_row(build_onnx(WEIGHTS, BIAS, feature_hash="abc", batch=1)), Features())


def test_bytes_that_are_no_onnx_are_refused(model_row):
    with pytest.raises(ModelRefused, match="onnxruntime cannot load it"):
        Predictor(model_row(b"not a model"), Features())


@pytest.mark.parametrize("value", [np.inf, 3.0], ids=["not finite", "above one"])
def test_an_output_that_is_no_probability_raises(build_onnx, model_row, value):
    predictor = Predictor(model_row(build_onnx(WEIGHTS, BIAS, feature_hash="abc", activation="Identity")), Features())
    with pytest.raises(BadPrediction):
        predictor.predict(np.full((5, 3), value))
