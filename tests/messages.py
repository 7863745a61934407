"""TensorFlow's message definitions, without TensorFlow's start-up.

`import tensorflow` takes 3 to 4 seconds and 550 MB; its generated `*_pb2` modules are plain Python on top of protobuf
and take 0.04 s. They live inside the package, so importing one would run `tensorflow/__init__` first. While they load,
`sys.modules["tensorflow"]` holds an empty module that only knows where the package lies; afterwards it is taken away,
and with it the packages below it, so that a later import of anything from TensorFlow in the same process runs the real
start-up (and finds the messages already there). With TensorFlow already imported, nothing of this is needed.

scopeview itself decodes by its own table (`readers/protobuf/decode.py`): these classes write messages for tests,
samples and benchmarks, and are what that table is compared with.
"""

from __future__ import annotations

import importlib
import sys
import threading
from functools import cache
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

from scopeview.errors import ScopeviewError

_LOADING = threading.Lock()

_MESSAGES = {
    "GraphDef": "core.framework.graph_pb2",
    "NodeDef": "core.framework.node_def_pb2",
    "FunctionDef": "core.framework.function_pb2",
    "FunctionDefLibrary": "core.framework.function_pb2",
    "GradientDef": "core.framework.function_pb2",
    "VariableDef": "core.framework.variable_pb2",
    "VersionDef": "core.framework.versions_pb2",
    "MetaGraphDef": "core.protobuf.meta_graph_pb2",
    "AssetFileDef": "core.protobuf.meta_graph_pb2",
    "SaverDef": "core.protobuf.saver_pb2",
    "QueueRunnerDef": "core.protobuf.queue_runner_pb2",
    "CondContextDef": "core.protobuf.control_flow_pb2",
    "WhileContextDef": "core.protobuf.control_flow_pb2",
    "SavedModel": "core.protobuf.saved_model_pb2",
    "SavedObjectGraph": "core.protobuf.saved_object_graph_pb2",
    "TrackableObjectGraph": "core.protobuf.trackable_object_graph_pb2",
    "GraphDebugInfo": "core.framework.graph_debug_info_pb2",
    "FingerprintDef": "core.protobuf.fingerprint_pb2",
    "BundleHeaderProto": "core.protobuf.tensor_bundle_pb2",
    "BundleEntryProto": "core.protobuf.tensor_bundle_pb2",
    "SavedTensorSlices": "core.util.saved_tensor_slice_pb2",
    "CheckpointState": "python.training.checkpoint_state_pb2",
}


@cache
def message(name: str) -> Any:
    """Return a message class of TensorFlow by its name, such as `NodeDef`.

    Raises:
        ScopeviewError: the tensorflow package is not installed.
    """
    if name not in _MESSAGES:
        raise KeyError(name)
    return getattr(_module(f"tensorflow.{_MESSAGES[name]}"), name)


def _module(path: str) -> ModuleType:
    with _LOADING:  # a module that another thread is still importing is in sys.modules, and not whole
        if path in sys.modules:
            return sys.modules[path]
        if "tensorflow" in sys.modules:
            return importlib.import_module(path)
        sys.modules["tensorflow"] = _stand_in()
        try:
            return importlib.import_module(path)
        finally:
            _take_away()


def _take_away() -> None:
    """Forget TensorFlow's packages, but not the message modules in them.

    A package left behind would let `from tensorflow.core.framework import graph_pb2` skip the start-up, and run it
    half-way through that module, where nothing is ready for it.
    """
    packages = [
        name
        for name, module in list(sys.modules.items())  # other threads import too
        if (name == "tensorflow" or name.startswith("tensorflow.")) and hasattr(module, "__path__")
    ]
    for name in packages:
        del sys.modules[name]


def _stand_in() -> ModuleType:
    """Return a module that is found under TensorFlow's name and runs none of it."""
    spec = PathFinder.find_spec("tensorflow")
    if spec is None or spec.submodule_search_locations is None:
        raise ScopeviewError(
            "scopeview reads TensorFlow's message definitions from the tensorflow package, which is not installed "
            "in this environment; try: pip install tensorflow"
        )
    module = ModuleType("tensorflow")
    module.__path__ = list(spec.submodule_search_locations)
    module.__spec__ = spec
    return module
