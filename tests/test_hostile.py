"""A MetaGraph in which every string is hostile, through every command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import Ran
from tests.messages import message

BAD = "\x1b[31m\u202e\x07[bold]<b>"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Names, types, devices, attributes, functions, signatures, collections: all hostile, all tied together."""
    meta = message("MetaGraphDef")()
    meta.meta_info_def.tensorflow_version = BAD
    meta.meta_info_def.tags.append(BAD)
    graph = meta.graph_def
    graph.node.add(name=f"{BAD}/v", op="VariableV2", device=BAD).attr[BAD].s = BAD.encode()
    graph.node.add(name=f"{BAD}/init", op=BAD)
    graph.node.add(name=f"{BAD}/v/Assign", op="Assign", input=[f"{BAD}/v", f"{BAD}/init", f"gone{BAD}"])
    function = graph.library.function.add()
    function.signature.name = BAD
    function.signature.input_arg.add(name=BAD, type_attr=BAD)
    function.signature.output_arg.add(name=BAD, type=1)
    function.ret[BAD] = f"{BAD}:{BAD}:0"
    function.node_def.add(name=f"{BAD}op", op=BAD, input=[BAD, f"{BAD}op:{BAD}:0"])
    meta.signature_def[BAD].inputs[BAD].name = f"{BAD}/v:0"
    meta.signature_def[BAD].method_name = BAD
    meta.collection_def[BAD].node_list.value.append(f"{BAD}/v:0")
    meta.collection_def["strings"].bytes_list.value.append(BAD.encode())
    target = tmp_path / "hostile.meta"
    target.write_bytes(meta.SerializeToString())
    return target


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect",),
        ("inspect", "--all"),
        ("inspect", "--json"),
        ("show", f"{BAD}/v"),
        ("show", f"{BAD}/v/Assign"),
        ("show", BAD),
        ("show", f"{BAD}: {BAD}op"),
        ("find", "in:ops", "v"),
        ("find", "kind:*"),
        ("find", "op:*"),
        ("find", "role:*"),
        ("sharing", "--all"),
        ("sharing", f"{BAD}/v"),
        ("sharing", "--all", "--json"),
        ("collections",),
        ("collections", BAD),
        ("lint", "--severity", "info"),
        ("diff", "SELF", "--all"),
        ("diff", "SELF", "--format", "saver"),
        ("lint", "--severity", "info", "--format", "sarif"),
        ("show", f"{BAD}x"),
    ],
)
def test_nothing_acts_on_the_terminal(
    arguments: tuple[str, ...], path: Path, scopeview: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    for width in ("", "60"):
        if width:
            monkeypatch.setenv("COLUMNS", width)
        ran = scopeview(arguments[0], path, *(path if a == "SELF" else a for a in arguments[1:]))
        assert ran.code == (2 if arguments[-1] == f"{BAD}x" else 1 if arguments[0] == "lint" else 0)
        assert not (set(ran.out) | set(ran.err)) & {"\x1b", "\x07", "\u202e"}
        assert "31m" in ran.out + ran.err
