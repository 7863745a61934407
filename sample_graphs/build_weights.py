"""Write the samples of other frameworks' weights: `python sample_graphs/build_weights.py [torch|tflite|onnx|tfjs]...`.

Of PyTorch one state dict in every layout, with views, a transposed tensor, small dtypes and an empty one; and
`expected.npz`, the values as PyTorch itself gives them; needs torch and safetensors. TensorFlow Lite as its converter
quantizes it, ONNX in every way in which numbers are kept, TensorFlow.js with quantized weights: each needs its package.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent / "weights"


def write_torch() -> None:
    """Write state.pt, legacy.pt, state.safetensors, expected.npz, training.pt and whole_module.pt."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.BatchNorm1d(8), torch.nn.LSTM(8, 3, num_layers=2))
    state = model.state_dict()
    state["odd.transposed"] = torch.arange(12.0).reshape(3, 4).t()
    state["odd.view"] = torch.arange(20)[3:9:2]
    state["odd.half"] = torch.randn(5).half()
    state["odd.bfloat16"] = torch.randn(5).bfloat16()
    state["odd.empty"] = torch.zeros(0, 4)
    torch.save(state, FOLDER / "state.pt")
    torch.save(state, FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, FOLDER / "state.safetensors")
    wide = {name: tensor.float() if tensor.dtype == torch.bfloat16 else tensor for name, tensor in state.items()}
    np.savez(FOLDER / "expected.npz", **{name: tensor.numpy() for name, tensor in wide.items()})
    optimizer = torch.optim.Adam(model.parameters())
    model[1](model[0](torch.randn(4, 6))).sum().backward()
    optimizer.step()
    torch.save({"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, FOLDER / "training.pt")
    torch.save(model, FOLDER / "whole_module.pt")  # a pickle of classes, which is refused


def write_tflite() -> None:
    """Write small.tflite: a convolution and two dense layers, the larger one quantized to int8."""
    import tensorflow as tf

    rng = np.random.default_rng(7)
    kernels = [tf.constant(rng.normal(size=shape), tf.float32) for shape in ((3, 3, 2, 4), (4, 32), (32, 40))]

    @tf.function(input_signature=[tf.TensorSpec((1, 6, 6, 2), tf.float32, name="image")])
    def network(image: Any) -> Any:
        with tf.name_scope("net"):
            hidden = tf.nn.relu(tf.nn.conv2d(image, kernels[0], 1, "SAME", name="conv"))
            hidden = tf.matmul(tf.reduce_mean(hidden, [1, 2]), kernels[1], name="dense")
            return tf.matmul(hidden, kernels[2], name="logits")

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    (FOLDER / "small.tflite").write_bytes(converter.convert())


def write_onnx() -> None:
    """Write small.onnx: initializers as bytes, as lists and in small.onnx.data, and one in the branch of an If."""
    from onnx import TensorProto, helper, numpy_helper, save_model

    rng = np.random.default_rng(8)
    weight = numpy_helper.from_array(rng.normal(size=(4, 6)).astype(np.float32), "layer.0.weight")
    bias = helper.make_tensor("layer.0.bias", TensorProto.FLOAT, [4], rng.normal(size=4).tolist())
    half = helper.make_tensor("layer.1.half", TensorProto.FLOAT16, [3], [0.5, -2.0, 7.0])
    steps = helper.make_tensor("steps", TensorProto.INT64, [3], [-1, 300, 2**40])
    small = helper.make_tensor("small", TensorProto.INT4, [5], [-8, 7, 0, 1, -1])
    inner = helper.make_graph([], "then", [], [], [numpy_helper.from_array(np.arange(3.0), "scale")])
    choice = helper.make_node("If", ["flag"], ["chosen"], then_branch=inner, else_branch=inner)
    graph = helper.make_graph([choice], "net", [], [], [weight, bias, half, steps, small])
    model = helper.make_model(graph, producer_name="scopeview samples")
    save_model(model, FOLDER / "small.onnx", save_as_external_data=True, location="small.onnx.data", size_threshold=90)


def write_tfjs() -> None:
    """Write tfjs/model.json and its files: one weight as it is, the others quantized in the three ways there are."""
    folder = FOLDER / "tfjs"
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(9)
    kernel = rng.normal(size=(6, 4)).astype(np.float32)
    raw, weights = kernel.tobytes(), [{"name": "dense/kernel", "shape": [6, 4], "dtype": "float32"}]
    for number, dtype in enumerate(("uint8", "uint16", "float16")):
        how: dict[str, Any] = {"dtype": dtype, "original_dtype": "float32"}
        how |= {} if dtype == "float16" else {"min": -1.5, "scale": 0.01}
        raw += rng.integers(0, 200, 4).astype(dtype).tobytes()
        weights.append({"name": f"dense_{number}/bias", "shape": [4], "dtype": "float32", "quantization": how})
    paths = ["group1-shard1of2.bin", "group1-shard2of2.bin"]
    for path, piece in zip(paths, (raw[:50], raw[50:]), strict=True):
        (folder / path).write_bytes(piece)
    manifest = [{"paths": paths, "weights": weights}]
    content = {"format": "layers-model", "generatedBy": "scopeview samples", "modelTopology": {}}
    (folder / "model.json").write_text(json.dumps({**content, "weightsManifest": manifest}, indent=1) + "\n")


WRITERS = {"torch": write_torch, "tflite": write_tflite, "onnx": write_onnx, "tfjs": write_tfjs}

if __name__ == "__main__":
    for name in sys.argv[1:] or WRITERS:
        WRITERS[name]()
