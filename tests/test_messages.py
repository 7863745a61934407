from __future__ import annotations

import subprocess
import sys
from importlib.machinery import PathFinder

import pytest

from scopeview.errors import ScopeviewError
from tests import messages
from tests.places import SAMPLES


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def test_messages_load_without_running_tensorflow() -> None:
    code = """
import sys
from tests.messages import message
names = [message(n).DESCRIPTOR.full_name for n in ("GraphDef", "SavedModel", "BundleEntryProto", "CheckpointState")]
print(names, "tensorflow" in sys.modules)
"""
    assert run(code) == (
        "['tensorflow.GraphDef', 'tensorflow.SavedModel', 'tensorflow.BundleEntryProto', "
        "'tensorflow.CheckpointState'] False"
    )


def test_tensorflow_still_imports_afterwards_and_shares_the_messages() -> None:
    code = """
from tests.messages import message
before = message("GraphDef")
import tensorflow as tf
with tf.Graph().as_default() as graph:
    tf.compat.v1.get_variable("w", [2])
print(tf.compat.v1.GraphDef is before, type(graph.as_graph_def()) is before, message("NodeDef").__name__)
"""
    assert run(code) == "True True NodeDef"


@pytest.mark.parametrize("name", ["m30_frozen_ref.pb", "m33_original.ckpt", "m29_module"])
def test_messages_of_tensorflow_can_be_imported_directly_afterwards(name: str) -> None:
    code = f"""
import scopeview
scopeview.load({str(SAMPLES / name)!r})
from tensorflow.core.framework import graph_pb2, step_stats_pb2
from tensorflow.core.protobuf import saved_model_pb2
import tensorflow as tf
print(tf.compat.v1.GraphDef is graph_pb2.GraphDef)
"""
    assert run(code) == "True"


def test_a_live_graph_is_read_in_its_own_process() -> None:
    code = """
import tensorflow as tf
import scopeview
with tf.Graph().as_default() as graph:
    with tf.compat.v1.variable_scope("net"):
        tf.compat.v1.get_variable("w", [2, 3])
model = scopeview.load(graph)
variable = model.variables[0]
print(model.origin.format, variable.name, variable.shape, variable.trainable, variable.collections)
"""
    assert run(code) == "live_graph net/w (2, 3) True ('trainable_variables', 'variables')"


def test_without_tensorflow_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PathFinder, "find_spec", lambda _name: None)

    with pytest.raises(ScopeviewError, match="pip install tensorflow"):
        messages._stand_in()


def test_an_unknown_message_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        messages.message("Nothing")
