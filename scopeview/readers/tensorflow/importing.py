"""The real import through `tf.compat.v1`, in a child process, joined to the model and compared with it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from scopeview.errors import UnknownFormatError
from scopeview.model.imported import ImportReport, InferredTensor
from scopeview.model.model import Model
from scopeview.readers.fence import fence
from scopeview.readers.paths import is_remote, path_of
from scopeview.readers.storage import children, opened
from scopeview.readers.temporary import temporary_folder

_CHILD = str(Path(__file__).with_name("import_child.py"))
_DESCRIPTORS = Path("/proc/self/fd")
_SHARD = re.compile(r"-\d{5}-of-\d{5}\Z")
_MISSING = "TensorFlow is not installed in this environment; --import needs it: pip install tensorflow"
_STDERR_SHOWN = 600
_MOST_COPIED = 256 << 20
"""Bytes of a checkpoint's table elsewhere that is copied for TensorFlow."""
_LOOK_EVERY_S = 0.2
"""Seconds between two looks at whether the import is still wanted."""


def with_import(model: Model, *, timeout_s: float, unwanted: threading.Event | None = None) -> Model:
    """Return the model with what TensorFlow says of it after its own import.

    Args:
        model: what was read; a refusal by TensorFlow, a crash and a time-out become part of the report.
        timeout_s: seconds after which the child process is ended.
        unwanted: ends the child process when it is set.

    Raises:
        UnknownFormatError: the model has nothing that TensorFlow could import.
    """
    if not _has_tensorflow():
        return replace(model, imported=ImportReport(ok=False, error=_MISSING))
    report = _run(model, timeout_s, unwanted or threading.Event())
    if report.ok:
        report = replace(report, differences=tuple(_differences(model, report)))
    return replace(model, imported=report)


def _has_tensorflow() -> bool:
    try:
        return "tensorflow" in sys.modules or importlib.util.find_spec("tensorflow") is not None
    except ImportError:
        return False


def _run(model: Model, timeout_s: float, unwanted: threading.Event) -> ImportReport:
    if model.is_checkpoint:
        with _reachable(path_of(model.origin.file)) as file:
            return _ask("checkpoint", str(file).removesuffix(".index"), timeout_s, unwanted)
    if model.message is None:
        raise UnknownFormatError(f"{model.origin.path} holds no message that TensorFlow could import")
    with temporary_folder() as folder:
        source = folder / "message.pb"
        source.write_bytes(model.message.content())
        return _ask(model.message.kind, str(source), timeout_s, unwanted)


@contextmanager
def _reachable(file: Path) -> Iterator[Path]:
    """Give a checkpoint's table to TensorFlow: by its path, or, within a fence, by links to the files that were opened.

    TensorFlow follows links, and what lies at a path may be another file by then.
    """
    if is_remote(file):
        with temporary_folder() as folder:
            yield _copied(file, folder)
        return
    if fence() is None or not _DESCRIPTORS.is_dir():
        yield file
        return
    with temporary_folder() as folder, ExitStack() as open_files:
        for path in _files_of(file):
            descriptor = open_files.enter_context(opened(path)).fileno()
            (folder / path.name).symlink_to(f"/proc/{os.getpid()}/fd/{descriptor}")
        yield folder / file.name


def _files_of(table: Path) -> list[Path]:
    """Return the table of a checkpoint; of a sharded V1 one, which is read as a whole, those of all shards."""
    stem = _SHARD.sub("-", table.name)
    return [table] if stem == table.name else [near for near in children(table.parent) if stem in near.name]


def _copied(table: Path, folder: Path) -> Path:
    """Copy a checkpoint's table from elsewhere to a folder of this machine, where TensorFlow reads it.

    Raises:
        UnknownFormatError: it is too large to copy.
    """
    left = _MOST_COPIED
    for path in _files_of(table):
        with opened(path) as source, (folder / path.name).open("wb") as target:
            while left > 0 and (block := source.read(min(left, 1 << 24))):
                left -= len(block)
                target.write(block)
        if left <= 0:
            raise UnknownFormatError(
                f"{table} lies elsewhere, and its table is larger than {_MOST_COPIED >> 20} MB: copy the checkpoint "
                "here, and import it from there"
            )
    return folder / table.name


def _ask(kind: str, source: str, timeout_s: float, unwanted: threading.Event) -> ImportReport:
    started = time.monotonic()
    with temporary_folder() as folder:
        answer = folder / "answer.json"
        failure = run_child(kind, source, str(answer), timeout_s, unwanted)
        if failure:
            return ImportReport(ok=False, error=failure, elapsed_s=time.monotonic() - started)
        return _report(json.loads(answer.read_text("utf-8")), time.monotonic() - started)


def run_child(kind: str, source: str, target: str, timeout_s: float, unwanted: threading.Event | None = None) -> str:
    """Run the child process; return an empty string, or what ended it."""
    # -P: the folder of the script stays off the path, where its neighbors would hide modules of the same names.
    command = [sys.executable, "-P", _CHILD, kind, source, target, str(os.getpid())]
    ends_at = time.monotonic() + timeout_s
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        errors = _errors(child, ends_at, unwanted or threading.Event())
    if errors is None and time.monotonic() < ends_at:
        return "the import was ended before it had finished"
    if errors is None:
        return f"TensorFlow did not finish within {timeout_s:g} s and was ended; --import-timeout allows more"
    if child.returncode == 0:
        return ""
    words = errors.decode("utf-8", "replace").strip().splitlines()
    last = words[-1][-_STDERR_SHOWN:] if words else "it said nothing"
    return f"TensorFlow's process ended with {_ending(child.returncode)}: {last}"


def _errors(child: subprocess.Popen[bytes], ends_at: float, unwanted: threading.Event) -> bytes | None:
    """Wait for the child process; return what it said of errors, or None if it had to be ended."""
    while True:
        try:
            return child.communicate(timeout=max(0.0, min(_LOOK_EVERY_S, ends_at - time.monotonic())))[1]
        except subprocess.TimeoutExpired:
            if time.monotonic() >= ends_at or unwanted.is_set():
                child.kill()
                child.communicate()
                return None


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _report(answer: Mapping[str, Any], elapsed_s: float) -> ImportReport:
    return ImportReport(
        ok=answer["ok"],
        tensorflow_version=answer["tensorflow_version"],
        error=answer.get("error", ""),
        op_types=answer.get("op_types", {}),
        tensors={
            name: tuple(_tensor(output) for output in outputs) for name, outputs in answer.get("tensors", {}).items()
        },
        variables={name: _tensor(found) for name, found in answer.get("variables", {}).items()},
        trainable=tuple(answer.get("trainable", ())),
        collections=answer.get("collections", {}),
        unregistered=tuple(answer.get("unregistered", ())),
        elapsed_s=elapsed_s,
    )


def _tensor(found: tuple[str, list[int | None] | None]) -> InferredTensor:
    dtype, sizes = found
    return InferredTensor(dtype, None if sizes is None else tuple(sizes))


def _differences(model: Model, report: ImportReport) -> Iterator[str]:
    """Say where TensorFlow's answer contradicts what was read."""
    if model.is_checkpoint:
        yield from _different_entries(model, report)
        return
    read = {model.graph.name(row): model.graph.op_type(row) for row in model.graph}
    for name in sorted(read.keys() ^ report.op_types.keys()):
        where = "only in the file" if name in read else "only after TensorFlow's import"
        yield f"op {name} is {where}"
    for name in sorted(read.keys() & report.op_types.keys()):
        if read[name] != report.op_types[name]:
            yield f"op {name} is a {read[name]} in the file and a {report.op_types[name]} in TensorFlow"
    yield from _different_variables(model, report)
    yield from _different_collections(model, report)


def _different_entries(model: Model, report: ImportReport) -> Iterator[str]:
    read = {v.checkpoint_keys[0]: InferredTensor(v.dtype, v.shape) for v in model.variables}
    for name in sorted(read.keys() | report.variables.keys()):
        if read.get(name) != report.variables.get(name):
            yield f"entry {name}: read {read.get(name)}, TensorFlow says {report.variables.get(name)}"


def _different_variables(model: Model, report: ImportReport) -> Iterator[str]:
    read: dict[str, InferredTensor] = {}
    for variable in model.variables:
        read[variable.handle_op or variable.name] = InferredTensor(variable.dtype, variable.shape)
        read.update((part.name, InferredTensor(variable.dtype, part.shape)) for part in variable.parts)
    for name, found in report.variables.items():
        if name not in read:
            yield f"variable {name} is known to TensorFlow and was not read"
        elif read[name] != found:
            yield f"variable {name}: read {read[name]}, TensorFlow says {found}"


def _different_collections(model: Model, report: ImportReport) -> Iterator[str]:
    for collection in model.collections:
        size = report.collections.get(collection.name, 0)
        if size != collection.size:
            yield (
                f"collection {collection.name} has {collection.size} members in the file; "
                f"TensorFlow could rebuild {size}"
            )
