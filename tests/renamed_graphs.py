"""Real graphs whose variables are called otherwise: the words of their scopes are replaced, TensorFlow's own stay."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.messages import message

_OWN = {"Adam", "RMSProp", "Momentum", "Adagrad", "ExponentialMovingAverage", "Variable", "gradients", "save", "read"}
_OWN |= {
    "Assign",
    "Initializer",
    "Optimizer",
    "MatMul",
    "add",
    "optimizer",
    "beta1_power",
    "beta2_power",
    "global_step",
}
_HOLDS = ("VariableV2", "Variable", "VarHandleOp")
_NUMBERED = re.compile(r"(.*?)((?:_?\d+)*)")
_FIELDS = ("variable_name", "initializer_name", "snapshot_name", "initial_value_name")


def write_renamed(original: Path, target: Path, seed: int) -> dict[str, str]:
    """Write a `.meta` with words of chance in the names of its variables; return the new name of every op.

    Args:
        original: a `.meta` without functions.
        target: where the renamed one goes.
        seed: of the words.
    """
    meta = message("MetaGraphDef")()
    meta.ParseFromString(original.read_bytes())
    graph = meta.graph_def
    words = {_stem(part) for node in graph.node if node.op in _HOLDS for part in node.name.split("/")} - _OWN
    rename = _renamer(words, random.Random(seed))
    names = {node.name: rename(node.name) for node in graph.node}
    for node in graph.node:
        node.name = names[node.name]
        node.input[:] = [f"^{rename(name[1:])}" if name.startswith("^") else rename(name) for name in node.input]
        if "_class" in node.attr:
            held = node.attr["_class"].list.s
            held[:] = [f"loc:@{rename(text.decode()[5:])}".encode() for text in held]
        if "shared_name" in node.attr:
            node.attr["shared_name"].s = rename(node.attr["shared_name"].s.decode()).encode()
    for name, collection in meta.collection_def.items():
        if "variables" in name and collection.WhichOneof("kind") == "bytes_list":
            collection.bytes_list.value[:] = [_definition(raw, rename) for raw in collection.bytes_list.value]
    target.write_bytes(meta.SerializeToString())
    return names


def _stem(part: str) -> str:
    found = _NUMBERED.fullmatch(part)
    return found[1] if found is not None else part


def _renamer(words: set[str], chance: random.Random) -> Callable[[str], str]:
    """Return what renames an op or a tensor; one word becomes one other."""
    syllables = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeiou"]
    others = {word: "".join(chance.choices(syllables, k=4)) for word in sorted(words - {""})}

    def part(text: str) -> str:
        if text.startswith("update_"):  # an optimizer names its updates by the variable
            return f"update_{part(text[7:])}"
        stem = _stem(text)
        return others.get(stem, stem) + text[len(stem) :]

    def rename(name: str) -> str:
        op, separator, port = name.partition(":")
        return "/".join(map(part, op.split("/"))) + separator + port

    return rename


def _definition(raw: bytes, rename: Callable[[str], str]) -> bytes:
    definition: Any = message("VariableDef")()
    definition.ParseFromString(raw)
    for field in _FIELDS:
        if getattr(definition, field):
            setattr(definition, field, rename(getattr(definition, field)))
    return bytes(definition.SerializeToString())
