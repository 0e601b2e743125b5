"""The model as a pure function: a window of raw feature rows in, four probabilities out.

The graph holds its own normalisation, so nothing is computed here. Shapes: B windows, T rows a window (oldest first),
C features in catalogue order.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime

from inference.errors import BadPrediction, ModelRefused

INPUT, OUTPUT = "features", "probabilities"

FloatArray = npt.NDArray[np.float64]


class Probabilities(NamedTuple):
    """The chance that the close moves beyond the targets' ATR multiples, in the output's order."""

    up1: float
    up2: float
    down1: float
    down2: float


@dataclass(frozen=True)
class ModelRow:
    """What a worker needs of a row in `model`."""

    version: str
    symbol_set: str
    onnx: bytes
    sha256: str
    feature_hash: str
    window_size: int


class CatalogueLike(Protocol):
    """What is asked of market.features.Catalogue."""

    @property
    def hash(self) -> str: ...

    @property
    def names(self) -> tuple[str, ...]: ...


class Predictor:
    """One loaded model.

    Raises ModelRefused when the bytes are not those registered, the model was trained on another catalogue than
    `catalogue`, or the graph is not what the exporter promises: "features" float32 (B, T, C) -> "probabilities" (B, 4).
    """

    def __init__(self, row: ModelRow, catalogue: CatalogueLike) -> None:
        _check_bytes(row)
        _check_hash(row, "the model row", row.feature_hash, catalogue.hash)
        self.version = row.version
        self.sha256 = row.sha256
        self.feature_hash = row.feature_hash
        self.window_size = row.window_size
        self._shape = (row.window_size, len(catalogue.names))
        self._session = _session(row)
        self._check_metadata(row)
        self._check_signature()
        self._check_run()

    def predict(self, window: FloatArray) -> Probabilities:
        """Probabilities for one window (T, C). Raises BadPrediction when the output is not finite or outside 0..1."""
        return checked(self.predict_batch(window[np.newaxis])[0])

    def predict_batch(self, windows: FloatArray) -> FloatArray:
        """(B, T, C) -> (B, 4) in one run, unchecked: pass each row through `checked`, so that one cannot spoil all."""
        if windows.shape[1:] != self._shape:
            raise ValueError(f"windows {windows.shape}, model {self.version} reads (B, T, C) = (B, *{self._shape})")
        (output,) = self._session.run([OUTPUT], {INPUT: windows.astype(np.float32)})
        return np.asarray(output, dtype=np.float64)

    def _check_metadata(self, row: ModelRow) -> None:
        metadata = self._session.get_modelmeta().custom_metadata_map
        _check_hash(row, "the ONNX metadata", metadata.get("feature_hash"), row.feature_hash)
        if metadata.get("window") != str(row.window_size):
            raise ModelRefused(
                f"model {row.version}: its ONNX metadata says window {metadata.get('window')}, "
                f"its row {row.window_size}; export and register it again"
            )

    def _check_signature(self) -> None:
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        names = [node.name for node in inputs], [node.name for node in outputs]
        if names != ([INPUT], [OUTPUT]):
            raise ModelRefused(f"model {self.version}: has {names}, expected one input {INPUT} and one output {OUTPUT}")
        _check_shape(self.version, INPUT, inputs[0], (None, *self._shape))
        _check_shape(self.version, OUTPUT, outputs[0], (None, len(Probabilities._fields)))

    def _check_run(self) -> None:
        """Runs once on two windows: finds a batch axis frozen by the exporter, and warms the session."""
        try:
            output = self.predict_batch(np.zeros((2, *self._shape)))
        except Exception as error:  # noqa: BLE001 - onnxruntime's own exceptions share no public base class
            raise ModelRefused(f"model {self.version}: does not run on two windows: {error}") from None
        if output.shape != (2, len(Probabilities._fields)):
            raise ModelRefused(f"model {self.version}: two windows gave an output of shape {output.shape}, not (2, 4)")


def checked(output: FloatArray) -> Probabilities:
    """One output row (4,) as Probabilities. Raises BadPrediction when it is not finite or outside 0..1."""
    probabilities = Probabilities(*output.tolist())
    if not all(0.0 <= probability <= 1.0 for probability in probabilities):  # false for NaN as well
        raise BadPrediction(f"the model's output is {probabilities}, not four probabilities")
    return probabilities


def _check_bytes(row: ModelRow) -> None:
    digest = hashlib.sha256(row.onnx).hexdigest()
    if digest != row.sha256:
        raise ModelRefused(
            f"model {row.version}: its bytes have sha256 {digest}, registered was {row.sha256}; register it again"
        )


def _check_hash(row: ModelRow, where: str, found: str | None, expected: str) -> None:
    if found != expected:
        raise ModelRefused(
            f"model {row.version}: feature_hash {found} in {where}, {expected} expected; "
            "train and promote a model on the current catalogue, or restore the feature settings it was trained with"
        )


def _check_shape(version: str, name: str, node: Any, expected: tuple[int | None, ...]) -> None:
    """Dimensions that the graph leaves open are names or None, and fit anything."""
    shape = node.shape
    fits = len(shape) == len(expected) and all(
        not isinstance(found, int) or wanted is None or found == wanted
        for found, wanted in zip(shape, expected, strict=True)
    )
    if node.type != "tensor(float)" or not fits:
        raise ModelRefused(f"model {version}: {name} is {node.type} {shape}, expected tensor(float) {list(expected)}")


def _session(row: ModelRow) -> onnxruntime.InferenceSession:
    """One thread: a window takes 0.05 ms, more threads only cost; workers scale by partitions instead."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(row.onnx, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - onnxruntime's own exceptions share no public base class
        raise ModelRefused(f"model {row.version}: onnxruntime cannot load it: {error}") from None
