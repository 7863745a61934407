"""Rules about the object graphs of TF 2: checkpoints and SavedModels that name variables by paths to objects."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from scopeview.analysis.lint.rule import Found, Related, Severity, Subject, names, rule
from scopeview.model.model import Model
from scopeview.model.names import leaf_of, scope_of
from scopeview.model.object_paths import GENERATED, OBJECT_GRAPH_KEY
from scopeview.model.variables import Variable

_GENERATED = re.compile(
    r"keras_api|_?\w*variables|layer-\d+|layer_with_weights-\d+|_layer\w*|_self_\w+|_functional|_operations|layers"
)
"""Segments that Keras makes beside the attributes that a user wrote."""

_POSITION = re.compile(r"layer(_with_weights)?-\d+")
_LEAST_BYTES = 64


@rule("O1", "full-name-not-unique", "warning", "objects")
def full_name_not_unique(subject: Subject) -> Iterator[Found]:
    """Several variables of an object graph that have one full name.

    Why: a `Saver` of TensorFlow 1, and every conversion by name, then takes one of them for all.

    Example: `self.layers = [tf.Variable(a, name="w"), tf.Variable(b, name="w")]`

    Fix: give the variables names of their own, or restore by object. Where nobody gave them a name (`Variable`), this
    is shown as information only.
    """
    groups: dict[str, list[Variable]] = defaultdict(list)
    for variable in subject.context.model.variables:
        if variable.full_name and any(not path.startswith(GENERATED) for path in variable.object_paths):
            groups[variable.full_name].append(variable)
    for full_name, found in groups.items():
        if len(found) > 1:
            paths = [variable.object_paths[0] for variable in found if variable.object_paths]
            severity: Severity | None = "info" if leaf_of(full_name) == "Variable" else None
            message = f"{len(found)} variables have the full name {full_name}"
            yield Found(full_name, message, paths or names(found), severity)


@rule("O2", "path-shifted", "warning", "pair")
def path_shifted(subject: Subject) -> Iterator[Found]:
    """Variables of one full name whose paths differ between a SavedModel and a checkpoint by a position alone.

    Why: `layer_with_weights-3` counts layers: a layer that is added or moved renumbers all after it, and a restore by
    object puts values into the wrong layers where shapes allow it.

    Example: a model saved before, and restored after a layer was inserted

    Fix: restore by full name, or give layers attributes of their own.
    """
    checkpoint = subject.checkpoint.model if subject.checkpoint is not None else None
    stored = _by_full_name(checkpoint)
    for full_name, variable in _by_full_name(subject.context.model).items():
        entry = stored.get(full_name)
        if entry is None or not (entry.object_paths and variable.object_paths) or entry.shape != variable.shape:
            continue
        mine, other = set(variable.object_paths), set(entry.object_paths)
        is_numbered = any(_POSITION.search(path) for path in (*mine, *other))
        if not mine & other and is_numbered:
            yield Found(
                full_name,
                f"{full_name} is at {variable.object_paths[0]} here, at {entry.object_paths[0]} in the checkpoint",
                (variable.object_paths[0], entry.object_paths[0]),
            )


def _by_full_name(model: Model | None) -> Mapping[str, Variable]:
    """Return the variables whose full names are theirs alone."""
    groups: dict[str, list[Variable]] = defaultdict(list)
    for variable in model.variables if model is not None else ():
        if variable.full_name:
            groups[variable.full_name].append(variable)
    return {name: found[0] for name, found in groups.items() if len(found) == 1}


@rule("O3", "alias-paths", "info", "objects")
def alias_paths(subject: Subject) -> Iterator[Found]:
    """A variable that a user's code reaches by several paths: tied weights, or an alias.

    Why: it is one variable, saved once, under the first of its paths.

    Example: `self.decoder.kernel = self.encoder.kernel`

    Fix: where it is not meant, make a variable for each; a restore by object fills the one for all paths.
    """
    for variable in subject.context.model.variables:
        owners = {path for path in variable.object_paths if not any(map(_GENERATED.fullmatch, path.split("/")))}
        if len(owners) > 1:
            paths = sorted(owners)
            yield Found(variable.name, f"{variable.name} has {len(paths)} paths: {', '.join(paths[:4])}", paths)


@rule("O4", "stored-twice", "warning", "objects")
def stored_twice(subject: Subject) -> Iterator[Found]:
    """Values that are stored several times: equal bytes under several keys.

    Why: Keras 3 `export()` writes every weight as `variables/i` and again as `_all_variables/j`; counting both doubles
    the model.

    Example: `model.export("saved_model")`

    Fix: count one of each; checksums agree by chance once in four billion.
    """
    model = subject.checkpoint.model if subject.checkpoint is not None else subject.context.model
    auxiliary_variables = (subject.checkpoint or subject.context).auxiliary_variables
    groups: dict[tuple[object, ...], list[Variable]] = defaultdict(list)
    for variable in model.variables:
        stored = variable.stored
        is_big = stored is not None and stored.checksum is not None and stored.size_bytes > _LEAST_BYTES
        if stored is not None and is_big and variable not in auxiliary_variables:
            groups[variable.shape, variable.dtype, stored.size_bytes, stored.checksum].append(variable)
    twice = [found for found in groups.values() if len(found) > 1 and _are_copies(found)]
    if twice:
        extra = sum((found[0].size_bytes or 0) * (len(found) - 1) for found in twice)
        evidence = [Related([variable.checkpoint_keys[0] for variable in found], "=") for found in twice]
        yield Found(
            twice[0][0].name, f"{len(twice)} values are stored several times: {extra:,} bytes too many", evidence
        )


def _are_copies(found: list[Variable]) -> bool:
    """Whether equal values lie in different places of the object graph; equal siblings are fresh biases, say."""
    return len({scope_of(variable.checkpoint_keys[0].partition("/.ATTRIBUTES")[0]) for variable in found}) > 1


@rule("O5", "value-without-object", "warning", "objects")
def value_without_object(subject: Subject) -> Iterator[Found]:
    """An object graph and a checkpoint that do not agree on what is stored.

    Why: an object whose value is missing keeps its first value on restore; a value without an object is never used.

    Example: a checkpoint that was assembled by hand

    Fix: save it again from the program that made it.
    """
    model = subject.checkpoint.model if subject.checkpoint is not None else subject.context.model
    missing = [key for key, is_there in model.object_keys.items() if not is_there]
    if missing:
        yield Found(missing[0], f"{len(missing)} values that the object graph lists are not stored", missing)
    if model.object_keys:
        keys = [v.checkpoint_keys[0] for v in model.variables if v.checkpoint_keys]
        listed = {*model.object_keys, OBJECT_GRAPH_KEY}
        loose = [key for key in keys if key not in listed and key.rpartition("-")[0] not in listed]
        if loose:
            yield Found(loose[0], f"{len(loose)} stored values belong to no object", loose)


@rule("O6", "captured-not-saved", "info", "objects")
def captured_not_saved(subject: Subject) -> Iterator[Found]:
    """Functions of a SavedModel that are bound to tables, assets and other resources.

    Why: these are not in `variables/`; a table is filled from its asset when the model is loaded.

    Example: a vocabulary file behind `tf.lookup.StaticHashTable`

    Fix: keep the `assets` folder with the model, and initialize its tables after loading.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for binding in subject.context.model.bindings:
        for other in binding.others:
            if other.startswith(("asset ", "resource ")):
                groups[other].append(binding.path)
    for other, paths in groups.items():
        yield Found(other.partition(" ")[2], f"{other} is bound to {len(set(paths))} functions", paths)
