"""What the formats of artifacts are called in text and page."""

from __future__ import annotations

from collections.abc import Mapping

FORMAT_NAMES: Mapping[str, str] = {
    "graph_def": "GraphDef",
    "meta_graph": "MetaGraphDef",
    "saved_model": "SavedModel",
    "checkpoint_v1": "checkpoint V1",
    "checkpoint_v2": "checkpoint V2",
    "checkpoint_safetensors": "safetensors",
    "checkpoint_torch": "PyTorch file",
    "checkpoint_hdf5": "HDF5 weights",
    "checkpoint_npz": "npz arrays",
    "checkpoint_onnx": "ONNX initializers",
    "checkpoint_tflite": "TensorFlow Lite model",
    "checkpoint_tfjs": "TensorFlow.js weights",
    "checkpoint_zarr": "Zarr arrays",
    "checkpoint_object": "checkpoint V2, object-based",
    "live_graph": "live tf.Graph",
    "trace": "scopeview trace",
}


def format_name(format_: str, details: Mapping[str, str] | None = None) -> str:
    """Return what a format is called; one without a name by its words.

    Args:
        format_: as the JSON has it.
        details: what else its header says.
    """
    if format_ == "checkpoint_hdf5" and (details or {}).get("layout") == "archive":
        return "Keras archive"
    return FORMAT_NAMES.get(format_, format_.replace("_", " "))
