"""Paths to objects, as keys of a checkpoint spell them and as TensorFlow's errors do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scopeview.model.variables import Variable

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The key under which an object-based checkpoint stores its object graph."""

GENERATED = ("keras_api/", "_all_variables/", "_variables/")
"""What the paths of variables begin with that no user's code holds."""

ATTRIBUTES = "/.ATTRIBUTES/"
SLOTS = "/.OPTIMIZER_SLOT/"
ROOT = "(root)"
"""How TensorFlow's errors call the object that `tf.train.Checkpoint` was made of."""


def unescape(path: str) -> str:
    """Undo the escapes of local names in a key: `.S` is "/", `..` is "." (`trackable_utils.escape_local_name`).

    >>> unescape("a.Sb"), unescape("x..y")
    ('a/b', 'x.y')
    """
    return path.replace("..", "\0").replace(".S", "/").replace("\0", ".")


def object_name(key: str) -> str:
    """Return what TensorFlow's errors call the object that is stored under a key.

    >>> object_name("model/head/kernel/.ATTRIBUTES/VARIABLE_VALUE")
    '(root).model.head.kernel'
    >>> object_name("w/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE")
    "(root).optimizer's state 'm' for (root).w"
    """
    path, is_slot, slot = key.partition(ATTRIBUTES)[0].partition(SLOTS)
    name = ".".join((ROOT, *map(unescape, path.split("/"))))
    if not is_slot:
        return name
    optimizer, _, slot_name = slot.rpartition("/")
    return f"{'.'.join((ROOT, *map(unescape, optimizer.split('/'))))}'s state '{unescape(slot_name)}' for {name}"


def object_names(variable: Variable) -> frozenset[str]:
    """Return every name that TensorFlow's errors may call a variable's object by."""
    by_key = (object_name(key) for key in variable.checkpoint_keys if ATTRIBUTES in key)
    by_path = (f"{ROOT}.{path.replace('/', '.')}" for path in variable.object_paths)
    return frozenset((*by_key, *by_path))
