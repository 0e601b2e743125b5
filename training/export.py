"""The model as ONNX bytes, and those bytes run by onnxruntime: what is checked here is what will serve."""

import hashlib
import json
import logging
import warnings
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from market.errors import MarketError
from training.model import MoveModel, Probabilities

INPUT, OUTPUT = "features", "probabilities"
TOLERANCE = 1e-5
CHECKED_BATCHES = (1, 7)  # a batch axis frozen at export shows as soon as two sizes are run


class ExportMismatch(MarketError):
    """onnxruntime and torch disagree about the exported graph; it must not be registered."""


@dataclass(frozen=True)
class Exported:
    onnx: bytes
    sha256: str


def export(model: MoveModel, feature_names: tuple[str, ...], feature_hash: str, window: int) -> Exported:
    """One file without external data: features (batch, window, C) float32 raw rows -> probabilities (batch, 4).

    Metadata: feature_hash, window and feature_names (JSON), which is all that a reader needs to build the input.
    Raises ExportMismatch when onnxruntime differs from torch by more than 1e-5.
    """
    whole = Probabilities(model).eval()
    proto = _to_onnx(whole, torch.zeros(2, window, len(feature_names)))
    onnx.helper.set_model_props(
        proto,
        {"feature_hash": feature_hash, "window": str(window), "feature_names": json.dumps(list(feature_names))},
    )
    content = proto.SerializeToString(deterministic=True)
    verify(content, whole, window, len(feature_names))
    return Exported(content, hashlib.sha256(content).hexdigest())


def _to_onnx(whole: Probabilities, sample: torch.Tensor) -> onnx.ModelProto:
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)  # no torchvision
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter deprecates parts of itself at every call
        program = torch.onnx.export(
            whole,
            (sample,),
            dynamo=True,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    if program is None:
        raise ExportMismatch("torch.onnx.export returned no program")
    proto = program.model_proto
    _strip(proto.graph)
    return proto


def _strip(graph: onnx.GraphProto) -> None:
    """Drops the exporter's notes: they hold this machine's file paths and make equal models differ."""
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""


def session(content: bytes) -> onnxruntime.InferenceSession:
    """An onnxruntime session of one thread: more cost more than they save on a graph this small."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def probabilities(runtime: onnxruntime.InferenceSession, windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities (B, 4) of raw windows (B, T, C)."""
    result: NDArray[np.float32] = runtime.run([OUTPUT], {INPUT: windows})[0]
    return result


def verify(content: bytes, whole: Probabilities, window: int, features: int) -> None:
    """Runs both on random rows around the training mean, a tenth of them missing. Raises ExportMismatch."""
    generator = np.random.default_rng(0)
    runtime = session(content)
    for batch in CHECKED_BATCHES:
        windows = _trial_rows(whole.model, (batch, window, features), generator)
        with torch.no_grad():
            expected = whole(torch.from_numpy(windows)).numpy()
        difference = float(np.abs(probabilities(runtime, windows) - expected).max())
        if not difference <= TOLERANCE:  # also when it is NaN
            raise ExportMismatch(f"onnxruntime differs from torch by {difference:.2g} on a batch of {batch}")


def _trial_rows(model: MoveModel, shape: tuple[int, int, int], generator: np.random.Generator) -> NDArray[np.float32]:
    rows = generator.standard_normal(shape)
    varying = model.varying.numpy()
    rows[..., varying] = rows[..., varying] * model.std.numpy() + model.mean.numpy()
    rows[generator.random(shape) < 0.1] = np.nan
    return rows.astype(np.float32)
