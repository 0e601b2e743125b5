"""ONNX models written node by node, so small that their answers can be worked out by hand."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WINDOW = 5


def make_onnx(
    weights: np.ndarray,
    bias: np.ndarray,
    *,
    feature_hash: str,
    window: int = WINDOW,
    batch: int | str = "batch",
    activation: str = "Sigmoid",
) -> bytes:
    """activation(mean over the window of the features, NULL as 0, times weights (C, 4), plus bias (4,))."""
    constants = [
        numpy_helper.from_array(np.array(0, np.float32), "zero"),
        numpy_helper.from_array(np.array([1], np.int64), "time"),
        numpy_helper.from_array(weights.astype(np.float32), "weights"),
        numpy_helper.from_array(bias.astype(np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("IsNaN", ["features"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "features"], ["filled"]),
        helper.make_node("ReduceMean", ["filled", "time"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["logits"]),
        helper.make_node(activation, ["logits"], ["probabilities"]),
    ]
    given = helper.make_tensor_value_info("features", TensorProto.FLOAT, [batch, window, weights.shape[0]])
    wanted = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [batch, weights.shape[1]])
    model = helper.make_model(
        helper.make_graph(nodes, "tiny", [given], [wanted], constants),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    helper.set_model_props(model, {"feature_hash": feature_hash, "window": str(window)})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
