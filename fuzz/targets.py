"""What is fuzzed: each reader with its seeds and its way of changing them, and what reads texts of a person."""

from __future__ import annotations

import importlib.util
import json
import random
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

import scopeview
from fuzz.containers import mutate_events, mutate_table
from fuzz.mutate import as_bytes, mutate
from fuzz.weights import BESIDE, mutate_json, mutate_numbers, weights_seeds
from scopeview.errors import ScopeviewError
from scopeview.model import names
from scopeview.model.model import Format
from scopeview.readers.budget import budget_for
from scopeview.readers.protocol import Certainty, Content
from scopeview.readers.registry import reader_for
from scopeview.readers.weights import hdf5, npz, onnx_tensor, scan, tfjs, zarr
from scopeview.readers.weights.scan import StoredTensor, model_of
from scopeview.readers.weights.values import SCANS

ROOT = Path(__file__).resolve().parent.parent
_SAMPLES = ROOT / "sample_graphs" / "artifacts"
_OPS_LOOKED_AT = 50
_BLOCKS_LOOKED_AT = 3
_BLOCK_BYTES = 1 << 12
"""Small, so that tensors of a few kB are read in several, and hollow ones of megabytes cost little."""


@dataclass(frozen=True)
class Target:
    """One thing that is fuzzed."""

    name: str
    asked: str | Callable[[bytes], None]
    """The name of the file that is read; or a function, which raises nothing, whatever the bytes are."""
    mutate: Callable[[bytes, random.Random], bytes]
    samples: tuple[str, ...] = ()
    """Sample files that it starts from."""
    made: tuple[bytes, ...] = ()
    """Inputs that it starts from too."""
    weights: Format | None = None
    """The format of a file of weights."""

    def run(self, raw: bytes) -> None:
        """Take an input; whatever is raised is a defect, for what is refused is refused inside."""
        if callable(self.asked):
            self.asked(raw)
        elif self.weights is not None:
            _scan(raw, self.asked, self.weights)
        else:
            _look(read(raw, self.asked))

    def seeds(self) -> list[bytes]:
        """Return the inputs that it starts from."""
        return [*((_SAMPLES / name).read_bytes() for name in self.samples), *self.made]


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")
    where = memory if memory.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="scopeview-fuzz-", dir=where))
    for name, raw in BESIDE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return folder


def load(raw: bytes, name: str) -> scopeview.Model | None:
    """Open bytes as a file of that name, with what lies beside it; None if they are refused."""
    path = _folder() / name
    path.write_bytes(raw)
    try:
        return scopeview.load(path)
    except ScopeviewError as error:
        assert "\n" not in str(error), error
        return None


def read(raw: bytes, name: str) -> scopeview.Model | None:
    """Read bytes as a file of that name by the reader of their format, as `load` does; None if they are refused."""
    path = _folder() / name
    path.write_bytes(raw)
    try:
        content = Content(path)
        with budget_for(len(raw)):
            artifact = next(iter(reader_for(content).list(content, "")))
            return artifact.reader.read(artifact, str(path), None)
    except ScopeviewError as error:
        assert "\n" not in str(error), error
        return None


def _scan(raw: bytes, name: str, format: Format) -> None:
    """Scan bytes as a file of weights, once: names, shapes, and the values of the first tensors."""
    _use_small_blocks()
    path = _folder() / name
    path.write_bytes(raw)
    try:
        content = Content(path)
        with budget_for(len(raw)):
            if reader_for(content).sniff(content) == Certainty.NO:
                return
            found = SCANS[format](path)
            model_of(found, str(path), format, path)
            for tensor in found.tensors[:_OPS_LOOKED_AT]:
                _read_values(tensor)
    except ScopeviewError as error:
        assert "\n" not in str(error), error


@cache
def _use_small_blocks() -> None:
    for module in (hdf5, npz, onnx_tensor, scan, tfjs, zarr):
        module.BLOCK_BYTES = _BLOCK_BYTES  # type: ignore[attr-defined]


def _read_values(tensor: StoredTensor) -> None:
    try:
        for block in islice(tensor.blocks(), _BLOCKS_LOOKED_AT):
            assert block.ndim == 1
    except (OSError, ScopeviewError):
        return


def _look(model: scopeview.Model | None) -> None:
    if model is None:
        return
    len(model.op_scopes), len(model.variable_scopes)
    for row in list(model.graph)[:_OPS_LOOKED_AT]:
        model.graph.attributes(row)


def _ask(raw: bytes) -> None:
    model = load(raw, "asked")
    if model is None:
        return
    for question in (scopeview.inspect, scopeview.sharing, scopeview.lint, scopeview.collections):
        scopeview.to_json(question(model))
    for query in ("role:gradient", "shape:[*,2] trainable:yes", "kernel"):
        scopeview.to_json(scopeview.find(model, query))
    for name in (*list(model.graph.names)[:3], *(variable.name for variable in list(model.variables)[:3])):
        try:
            scopeview.to_json(scopeview.show(model, name))
        except ScopeviewError:
            continue


@cache
def _sample(name: str) -> scopeview.Model:
    return scopeview.load(_SAMPLES / name)


def _diff(raw: bytes) -> None:
    model = load(raw, "other")
    if model is not None:
        scopeview.to_json(scopeview.diff(_sample("m33_renamed.meta"), model))
        scopeview.to_json(scopeview.diff(model, _sample("m33_original.ckpt.index")))


def _query(raw: bytes) -> None:
    try:
        scopeview.find(_sample("m17_gan.meta"), raw.decode("utf-8", "replace"))
    except ScopeviewError as error:
        assert "\n" not in str(error), error


def _names(raw: bytes) -> None:
    name = raw.decode("utf-8", "replace")
    for parse in (names.parse_input, names.parse_function_input):
        parse(name)
    for of in (names.op_of_tensor, names.scope_of, names.leaf_of, names.natural_key, names.sort_key):
        of(name)
    for segment in name.split("/"):
        names.split_uniquifier(segment)
    assert names.common_scope([name, name]) == name or not name
    assert all(names.is_within(name, scope) for scope in names.ancestors(name))


def _rules(raw: bytes) -> None:
    from scopeview.analysis.diff.matching.rules import given_pairs, rewritten, rule_of

    text = raw.decode("utf-8", "replace")
    try:
        rewritten("model/layer_0/attention/query/kernel", [rule_of(line) for line in text.splitlines()[:5]])
        given_pairs(json.loads(text))
    except (ScopeviewError, json.JSONDecodeError, RecursionError):
        return


def _text(raw: bytes, chance: random.Random) -> bytes:
    """Lines and words of a text that change places, and bytes that change."""
    if chance.random() < 0.5:
        return as_bytes(raw, chance)
    for separator in (b"\n", b" ", b","):
        pieces = raw.split(separator)
        if len(pieces) > 1 and (separator == b"," or chance.random() < 0.6):
            at, to = chance.randrange(len(pieces)), chance.randrange(len(pieces))
            if chance.random() < 0.5:
                pieces[to] = pieces[at]
            else:
                pieces[at] = as_bytes(pieces[at], chance)
            return separator.join(pieces)
    return as_bytes(raw, chance)


def _inspection() -> bytes:
    return scopeview.to_json(scopeview.inspect(_sample("m33_renamed.meta"))).encode()


_META = ("m05_reuse.meta", "m27_while_v1_ref.meta", "m27_cond_v2_resource.meta", "m28_partitioned.meta")
_STATE = b'model_checkpoint_path: "model.ckpt-9"\nall_model_checkpoint_paths: "model.ckpt-9"\n'
_GRAPHS = ("m30_frozen_v2.pb", "m12_name_scope_mistake.pb", "m30_frozen_resource.pb")


def _message(message: str) -> Callable[[bytes, random.Random], bytes]:
    return lambda raw, chance: mutate(raw, message, chance)


def _table(header: str, message: str) -> Callable[[bytes, random.Random], bytes]:
    return lambda raw, chance: mutate_table(raw, header, message, chance)


def _hdf5() -> tuple[Target, ...]:
    """HDF5, where h5py is installed, which reads it in a process of its own."""
    if importlib.util.find_spec("h5py") is None:
        return ()
    return (Target("hdf5", "a.h5", mutate_numbers, made=weights_seeds("hdf5"), weights="checkpoint_hdf5"),)


def _zarr() -> tuple[Target, ...]:
    """Metadata of arrays, where tensorstore is installed, which reads them."""
    if importlib.util.find_spec("tensorstore") is None:
        return ()
    two, three = weights_seeds("zarr")
    return Target("zarr", ".zarray", mutate_json, made=(two,), weights="checkpoint_zarr"), Target(
        "zarr_3", "three/zarr.json", mutate_json, made=(three,), weights="checkpoint_zarr"
    )


@cache
def targets() -> Mapping[str, Target]:
    """Return what is fuzzed, by name."""
    index, v1 = _table("BundleHeaderProto", "BundleEntryProto"), _table("SavedTensorSlices", "SavedTensorSlices")
    found = (
        Target("graph_def", "a.pb", _message("GraphDef"), _GRAPHS),
        Target("meta_graph", "a.meta", _message("MetaGraphDef"), _META),
        Target("saved_model", "a.pb", _message("SavedModel"), ("m29_module/saved_model.pb",)),
        Target("text_graph", "a.pbtxt", _text, ("m02_nested_scopes.pbtxt",)),
        Target(
            "checkpoint",
            "a.ckpt.index",
            index,
            ("m33_original.ckpt.index", "m32_object.ckpt.index"),
        ),
        Target("checkpoint_v1", "a.ckpt", v1, ("m32_v1.ckpt",)),
        Target(
            "event_file",
            "events.out.tfevents.1",
            mutate_events,
            ("m29_logdir/v2/events.out.tfevents.sample",),
        ),
        Target(
            "safetensors",
            "a.safetensors",
            as_bytes,
            made=weights_seeds("safetensors"),
            weights="checkpoint_safetensors",
        ),
        Target("pytorch", "a.pt", as_bytes, made=weights_seeds("pytorch"), weights="checkpoint_torch"),
        Target("npz", "a.npz", as_bytes, made=weights_seeds("npz"), weights="checkpoint_npz"),
        Target("onnx", "a.onnx", _message("OnnxModelProto"), made=weights_seeds("onnx"), weights="checkpoint_onnx"),
        Target("tflite", "a.tflite", mutate_numbers, made=weights_seeds("tflite"), weights="checkpoint_tflite"),
        Target("tfjs", "model.json", mutate_json, made=weights_seeds("tfjs"), weights="checkpoint_tfjs"),
        *_hdf5(),
        *_zarr(),
        Target("state_file", "checkpoint", _text, made=(_STATE,)),
        Target("inspection_json", "a.json", _text, made=(_inspection(),)),
        Target("questions", _ask, _message("MetaGraphDef"), _META),
        Target("diff", _diff, _message("MetaGraphDef"), ("m33_renamed.meta", "m07_layers.meta")),
        Target("query", _query, _text, made=(b"role:gradient shape:[*,2] -name:a* bytes:>1k", b"trainable:yes or x")),
        Target("names", _names, _text, made=(b"a/b_1/c:0", b"^a/b", b"node:out:0")),
        Target("diff_rules", _rules, _text, made=(b"layer_{i}=block{i}\nq=query", b'{"a/b": "c/d", "e": "f"}')),
    )
    return {target.name: _with_found(target) for target in found}


def found_cases(name: str) -> list[Path]:
    """Return the inputs that broke a target once."""
    return sorted((ROOT / "fuzz" / "found").glob(f"{name}/*"))


def _with_found(target: Target) -> Target:
    return replace(target, made=(*target.made, *(path.read_bytes() for path in found_cases(target.name))))
