"""A frozen graph whose weights stay on the disk is the same as one that is read whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import scopeview
from scopeview.errors import DamagedError
from scopeview.model.model import Model
from scopeview.readers import graph_def
from scopeview.readers.file_pieces import FilePiece, SparseFile
from scopeview.readers.files import FileBytes
from tests.messages import message


def write_frozen(path: Path, size: int) -> None:
    graph = message("GraphDef")()
    values = {
        "random": np.random.default_rng(1).standard_normal(size, dtype=np.float32).tobytes(),
        "zeros": bytes(4 * size),
        "ones": np.ones(size, dtype=np.float32).tobytes(),
    }
    for name, content in values.items():
        node = graph.node.add(name=f"net/{name}", op="Const", device="/cpu:0")
        tensor = node.attr["value"].tensor
        tensor.dtype, tensor.tensor_content = 1, content
        tensor.tensor_shape.dim.add(size=size)
        node.attr["dtype"].type = 1
        graph.node.add(name=f"net/{name}/read", op="Identity", input=[f"net/{name}"])
    packed = graph.node.add(name="net/packed", op="Const")
    packed.attr["value"].tensor.dtype = 1
    packed.attr["value"].tensor.float_val.extend([0.5] * size)
    packed.attr["value"].tensor.tensor_shape.dim.add(size=size)
    words = graph.node.add(name="net/words", op="Const")
    words.attr["value"].tensor.dtype = 7
    words.attr["value"].tensor.string_val.extend([b"x" * (4 * size), b"y"])
    words.attr["value"].tensor.tensor_shape.dim.add(size=2)
    words.attr["note"].s = b"z" * (4 * size)
    path.write_bytes(graph.SerializeToString())


def read_counting(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Model, list[int]]:
    sizes: list[int] = []
    read = FileBytes.read

    def counting(self: FileBytes, position: int, size: int) -> bytes:
        sizes.append(size)
        return read(self, position, size)

    monkeypatch.setattr(FileBytes, "read", counting)
    return scopeview.load(path), sizes


def test_weights_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "frozen.pb"
    write_frozen(path, 100_000)
    whole = scopeview.load(path)
    monkeypatch.setattr(graph_def, "_LARGE", 0)
    monkeypatch.setattr(graph_def, "_LOOKED_THROUGH", 1 << 10)
    monkeypatch.setattr(FileBytes, "CHUNK", 1 << 12)
    model, sizes = read_counting(path, monkeypatch)

    assert list(model.graph.names) == list(whole.graph.names)
    assert [model.graph.device(row) for row in model.graph] == [whole.graph.device(row) for row in whole.graph]
    assert model.graph.columns.source.tolist() == whole.graph.columns.source.tolist()
    assert model.variables == whole.variables
    random = model.graph.row("net/random")
    assert random is not None
    assert model.graph.attributes(random) == whole.graph.attributes(random)
    # Whether a weight is all zeros, or all ones, only all of it shows.
    uniform = 2 * 400_000
    assert sum(sizes) < uniform + path.stat().st_size // 4

    assert [model.graph.attributes(row) for row in model.graph] == [whole.graph.attributes(row) for row in whole.graph]
    assert model.message is not None
    assert whole.message is not None
    assert bytes(model.message.content()) == bytes(whole.message.content())


def test_many_small_nodes_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = message("GraphDef")()
    for number in range(2100):
        graph.node.add(name=f"n{number}", op="NoOp")
    path = tmp_path / "graph.pb"
    path.write_bytes(graph.SerializeToString())
    monkeypatch.setattr(graph_def, "_LARGE", 0)

    model = scopeview.load(path)
    assert len(model.graph) == 2100
    assert model.message is not None
    assert isinstance(model.message.buffer, bytes)


def test_a_piece_is_sliced_as_bytes_are(tmp_path: Path) -> None:
    content = bytes(range(256)) * 2000
    path = tmp_path / "bytes"
    path.write_bytes(content)
    file = SparseFile(path)
    piece = file[1000:400_000]

    assert isinstance(piece, FilePiece)
    assert len(piece) == 399_000
    assert piece[7] == content[1007]
    assert piece[50:90] == content[1050:1090]
    assert piece[398_990:500_000] == content[399_990:400_000]
    inner = piece[100:200_000]
    assert isinstance(inner, FilePiece)
    assert bytes(inner) == content[1100:201_000]
    with pytest.raises(IndexError):
        piece[399_000]
    path.write_bytes(content[:5000])
    with pytest.raises(DamagedError):
        bytes(piece)
