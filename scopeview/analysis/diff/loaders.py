"""Python that loads one side into a model of the other, in the framework that the model is written in.

Every form is a function `load(model, path)`: it reads the tensors of the source, turns and joins them, gives them to
the model's variables, and returns the names of those that stay as they are. What the code reads, the libraries of the
source's format read; scopeview is needed to run it for formats that no common library reads alone (TensorFlow Lite,
TensorFlow.js, Zarr).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, get_args

from scopeview.analysis.diff.loops import Line, folded
from scopeview.analysis.diff.matching.pieces import Piece
from scopeview.analysis.diff.namespace import Entry, Namespace
from scopeview.analysis.diff.recipes import Recipe
from scopeview.errors import QueryError
from scopeview.model.model import Origin

LoaderForm = Literal["tf1", "tf2", "keras", "torch", "jax"]
LOADER_FORMS: tuple[LoaderForm, ...] = get_args(LoaderForm)

_IMPORTS: dict[str, tuple[str, ...]] = {
    "tf1": ("import tensorflow as tf",),
    "tf2": ("import tensorflow as tf",),
    "keras": (),
    "keras_numbered": ("import os", "import tempfile", "import h5py"),
    "torch": ("import torch",),
    "jax": ("import jax.numpy as jnp",),
}
_ARGUMENTS = {"tf1": "session, path", "jax": "params, path"}
_SUMMARIES = {
    "tf1": "Assign the values of {source} to the variables of the default graph; return the names of the others.",
    "tf2": "Assign the values of {source} to the variables of an object; return the names of the others.",
    "keras": "Assign the values of {source} to the weights of a Keras model; return the paths of the others.",
    "torch": "Load the values of {source} into a module; return the names of its tensors that stay new.",
    "jax": "Return a copy of nested dicts of arrays with the values of {source}, and the names of the others.",
}

Spelling = Callable[[Entry], str]
"""What the model calls a variable."""

_READ: dict[str, tuple[tuple[str, ...], str]] = {
    "checkpoint_npz": ((), "read = np.load(path).__getitem__"),
    "checkpoint_hdf5": (
        ("import h5py",),
        """\
        file = h5py.File(path, "r")

        def read(key):
            return file[key][()]
        """,
    ),
    "keras_archive": (
        ("import io", "import zipfile", "import h5py"),
        """\
        file = h5py.File(io.BytesIO(zipfile.ZipFile(path).read("model.weights.h5")), "r")

        def read(key):
            return file[key][()]
        """,
    ),
    "checkpoint_safetensors": (
        ("from safetensors.numpy import load_file",),
        "read = load_file(path).__getitem__",
    ),
    "safetensors_index": (
        ("import json", "import os", "from safetensors.numpy import load_file"),
        """\
        with open(path) as index:
            files = set(json.load(index)["weight_map"].values())
        tensors = {k: v for f in files for k, v in load_file(os.path.join(os.path.dirname(path), f)).items()}
        read = tensors.__getitem__
        """,
    ),
    "checkpoint_onnx": (
        ("import onnx",),
        "read = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}.__getitem__",
    ),
    "checkpoint_torch": (
        ("import torch",),
        """\
        def flat(value, path):
            if isinstance(value, torch.Tensor):
                return {path: value.float() if value.dtype == torch.bfloat16 else value}
            items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
            return {k: v for key, item in items for k, v in flat(item, f"{path}.{key}" if path else str(key)).items()}

        tensors = flat(torch.load(path, map_location="cpu", weights_only=True), "")

        def read(key):
            return tensors[key].detach().numpy()
        """,
    ),
    **dict.fromkeys(
        ("checkpoint_tfjs", "checkpoint_zarr"), (("import scopeview",), "read = scopeview.weights(path).__getitem__")
    ),
    "checkpoint_tflite": (
        ("import scopeview",),
        "read = scopeview.weights(path, dequantize=True).__getitem__  # quantized weights as what they stand for",
    ),
    "tensorflow": (("import tensorflow as tf",), "read = tf.train.load_checkpoint(path).get_tensor"),
    "saved_model": (
        ("import tensorflow as tf",),
        'read = tf.train.load_checkpoint(f"{path}/variables/variables").get_tensor',
    ),
}
"""By format: imports, and statements that make `read` of `path`: a function from a key to a numpy array."""
_TORCH_LOAD = 'tensors = flat(torch.load(path, map_location="cpu", weights_only=True), "")'
_TORCH_LOAD_ALL = """\
tensors = {}
        with open(path) as index:
            files = sorted(set(json.load(index)["weight_map"].values()))
        for file in files:
            part = os.path.join(os.path.dirname(path), file)
            tensors |= flat(torch.load(part, map_location="cpu", weights_only=True), "")"""
_READ["torch_index"] = (
    ("import json", "import os", "import torch"),
    _READ["checkpoint_torch"][1].replace(_TORCH_LOAD, _TORCH_LOAD_ALL),
)

_CHECK = """\
unknown = sorted(values.keys() - found)
if unknown:
    raise KeyError(f"the model has no {unknown[0]}, nor {len(unknown) - 1} more that get values")
"""


def _within(code: str) -> str:
    return textwrap.indent(code, " " * 8).lstrip() + " " * 8


_ASSIGN: dict[str, str] = {
    "tf1": """\
found = set()
for variable in {collections}:
    part = variable._save_slice_info  # of a partitioned variable
    name = part.full_name if part else variable.op.name
    found.add(name)
    if name in values:
        value = values[name]
        if part:
            value = value[tuple(slice(a, a + n) for a, n in zip(part.var_offset, part.var_shape))]
        variable.load(value, session)
{check}return sorted(found - values.keys())""",
    "tf2": """\
found = {{getattr(v, "path", v.name).partition(":")[0]: v for v in model.variables}}
{check}for name, value in values.items():
    found[name].assign(tf.cast(value, found[name].dtype))
return sorted(found.keys() - values.keys())""",
    "objects": """\
def variable(path):
    node = model
    for name in path.split("/"):
        node = node._trackable_children()[name.replace(".S", "/").replace("..", ".")]
    return node

for name, value in values.items():
    variable(name).assign(tf.cast(value, variable(name).dtype))
return {new}""",
    "keras": """\
found = {{getattr(v, "path", v.name).partition(":")[0]: v for v in model.weights}}
{check}for name, value in values.items():
    found[name].assign(value)
return sorted(found.keys() - values.keys())""",
    "keras_numbered": """\
with tempfile.TemporaryDirectory() as folder:
    name = os.path.join(folder, "model.weights.h5")  # Keras names weights by their numbers in such files alone
    model.save_weights(name)
    with h5py.File(name, "r+") as weights:
        found = set()
        weights.visititems(lambda key, item: found.add(key) if isinstance(item, h5py.Dataset) else None)
        {check_within}for key, value in values.items():
            weights[key][...] = value
    model.load_weights(name)
return sorted(found - values.keys())""",
    "torch": """\
def tensor(value):
    return torch.from_numpy(np.array(value.astype("float32") if value.dtype == "bfloat16" else value, order="C"))

found = model.state_dict().keys()
{check}model.load_state_dict({{name: tensor(value) for name, value in values.items()}}, strict=False)
return sorted(found - values.keys())""",
    "jax": """\
found = set()

def filled(tree, prefix=""):
    made = {{}}
    for key, value in tree.items():
        name = f"{{prefix}}{{key}}"
        if hasattr(value, "items"):
            made[key] = filled(value, f"{{name}}/")
        else:
            found.add(name)
            made[key] = jnp.asarray(values.get(name, value), dtype=value.dtype)
    return made

result = filled(params)
{check}return result, sorted(found - values.keys())""",
}
"""What gives `values`, arrays by the names of the model, to the model."""


def loader_code(form: LoaderForm, source: Origin, recipes: Sequence[Recipe], target: Namespace) -> str:
    """Return the code of a loader.

    Args:
        form: the framework of the model.
        source: where the values are.
        recipes: what is filled, and from what.
        target: the variables of the model.

    Raises:
        QueryError: no library is known to the code that reads the source.
    """
    imports, read = _READ[_source_kind(source)]
    assign = _assign_kind(form, target)
    spell = _spelling(assign, target)
    wanted = [recipe for recipe in recipes if recipe.target.kind == "variable"]
    filled = {recipe.target.name for recipe in wanted}
    new = [e for e in target.entries.values() if e.kind == "variable" and e.name not in filled]
    body = [textwrap.dedent(read).strip(), "values = {}", *_statements(wanted, spell)]
    names = _listed([spell(entry) for entry in new])
    if new:
        body.append(f"# Not in the source, and left as the model has them: {len(new):,} of {len(new) + len(filled):,}")
    if new and assign != "objects":
        body.append(f"new = {names}")
    is_local = any("local_variables" in recipe.target.collections for recipe in wanted)
    collections = "tf.compat.v1.global_variables()" + (" + tf.compat.v1.local_variables()" if is_local else "")
    body.append(_ASSIGN[assign].format(check=_CHECK, check_within=_within(_CHECK), collections=collections, new=names))
    summary = _SUMMARIES[form].format(source=ascii(source.path)[1:-1].replace('"', "'"))
    head = sorted({"import numpy as np", *imports, *_IMPORTS.get(assign, _IMPORTS[form])}, key=_import_order)
    function = f"def load({_ARGUMENTS.get(form, 'model, path')}):\n" + textwrap.indent(
        f'"""{summary}"""\n' + "\n".join(body), "    ", lambda line: bool(line.strip())
    )
    return "\n".join(head) + f"\n\n\n{function}"


def _import_order(line: str) -> tuple[bool, str]:
    """Sort the standard library's first."""
    return line.split()[1].split(".")[0] not in ("io", "json", "os", "tempfile", "zipfile"), line


def _source_kind(source: Origin) -> str:
    """Return which statements read the source.

    Raises:
        QueryError: there are none.
    """
    if source.format == "checkpoint_hdf5" and source.details.get("layout") == "archive":
        return "keras_archive"
    if source.format == "checkpoint_safetensors" and "files" in source.details:
        return "safetensors_index"
    if source.format == "checkpoint_torch" and "files" in source.details:
        return "torch_index"
    if source.format in _READ:
        return source.format
    if source.format.startswith("checkpoint_") and source.format not in (
        "checkpoint_v1",
        "checkpoint_v2",
        "checkpoint_object",
    ):
        raise QueryError(f"no code is known that reads {source.path}; write it as .npz first, by scopeview convert")
    return "tensorflow"  # a checkpoint, or a graph, whose checkpoint is meant


def _assign_kind(form: LoaderForm, target: Namespace) -> str:
    """Return how a model's variables are found: by name, by object path, or by their number in a layer."""
    variables = [entry for entry in target.entries.values() if entry.kind == "variable"]
    if form == "tf2" and variables and all(_object_path(entry) for entry in variables):
        return "objects"
    if form == "keras" and variables and all(_is_numbered(entry) for entry in variables):
        return "keras_numbered"
    return form


def _spelling(assign: str, target: Namespace) -> Spelling:
    """Return what a model calls a variable; Keras 2's files put each weight below its layer once more."""
    origin = target.context.model.origin
    is_keras_2 = origin.details.get("keras_version", "").startswith("2.")
    return {
        "torch": lambda entry: entry.key,
        "objects": _object_path,
        "keras_numbered": lambda entry: entry.key,
        "keras": lambda entry: _keras_path(entry, is_keras_2),
    }.get(assign, lambda entry: entry.name)


def _object_path(entry: Entry) -> str:
    path, found, _ = entry.key.partition("/.ATTRIBUTES/")
    return path if found else next(iter(entry.variable.object_paths), "")


def _is_numbered(entry: Entry) -> bool:
    """Whether Keras 3 wrote a weight: by its number among those of its layer."""
    scope, _, number = entry.key.rpartition("/")
    return number.isdecimal() and scope.endswith("/vars")


def _keras_path(entry: Entry, is_keras_2: bool) -> str:
    """Return the path of a weight: in files of whole models, and in Keras 2's, it follows the name of its layer."""
    name = entry.name.removeprefix("model_weights/")
    return name.partition("/")[2] if name != entry.name or is_keras_2 else name


def _statements(recipes: Iterable[Recipe], spell: Spelling) -> list[str]:
    """Return a statement for each recipe, loops for those that differ by running numbers."""
    lines = []
    for recipe in recipes:
        parts = [_piece(piece, at) for at, piece in enumerate(recipe.pieces, start=1)]
        value = _scaled(parts) if recipe.is_scaled else _joined(_added(parts, recipe.addends), recipe.columns)
        if recipe.is_reshaped:
            value = f"({value})" if recipe.addends > 1 and len(parts) == recipe.addends else value
            value += f".reshape({tuple(recipe.target.shape or ())!r})"
        keys = tuple(piece.key for piece in recipe.pieces)
        lines.append(Line(f"values[{{0}}] = {value}", (spell(recipe.target), *keys)))
    single, loops = folded(lines)
    statements = [line.code for line in single]
    for (first, last), codes in loops:
        span = f"{first}, {last}" if first else f"{last}"
        statements += [f"for i in range({span}):", *(f"    {code}" for code in codes)]
    return statements


def _added(pieces: Sequence[str], addends: int) -> list[str]:
    """Return expressions that add up so many pieces each."""
    return [" + ".join(pieces[first : first + addends]) for first in range(0, len(pieces), addends)]


def _scaled(pieces: Sequence[str]) -> str:
    """Return the expression of a kernel with weight norm: its direction, its magnitude, and the direction's length."""
    direction, magnitude, length = pieces
    return f"{direction} * ({magnitude} / {length})"


def _joined(pieces: Sequence[str], columns: int) -> str:
    """Return the expression that joins pieces: in rows of so many."""
    if len(pieces) == 1:
        return pieces[0]
    rows = [pieces[first : first + columns] for first in range(0, len(pieces), columns)]
    if columns == 1 or len(rows) == 1:
        return f"np.concatenate([{', '.join(pieces)}], {int(columns > 1)})"
    return f"np.block([{', '.join('[' + ', '.join(row) + ']' for row in rows)}])"


def _piece(piece: Piece, at: int) -> str:
    code = f"read({{{at}}})"
    if piece.ranges:
        code += f"[{', '.join(f'{first}:{last}' for first, last in piece.ranges)}]"
    if piece.shape:
        code += f".reshape({', '.join(map(str, piece.shape))})"
    if piece.axes:
        code += ".T" if piece.axes == (1, 0) else f".transpose{piece.axes!r}"
    if piece.lengths:
        return f"np.sqrt(np.square({code}).sum({piece.lengths!r}, keepdims=True))"
    if piece.is_zero:
        return f"np.zeros_like({code})"
    return f"({code} {'+' if piece.offset > 0 else '-'} {abs(piece.offset):g})" if piece.offset else code


def _listed(names: Sequence[str]) -> str:
    """Return a list of names as code, those that differ by running numbers as comprehensions."""
    single, loops = folded([Line("{0}", (name,)) for name in names])
    parts = [line.code for line in single]
    for (first, last), codes in loops:
        span = f"{first}, {last}" if first else f"{last}"
        parts += [f"*({code} for i in range({span}))" for code in codes]
    text = f"[{', '.join(parts)}]"
    return text if len(text) < 100 else "[\n" + "".join(f"    {part},\n" for part in parts) + "]"
