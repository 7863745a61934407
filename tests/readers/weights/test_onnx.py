"""ONNX initializers: read as onnx reads them, in every way in which their numbers may be kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scopeview
from sample_graphs.build_broken import field
from scopeview.errors import ScopeviewError
from scopeview.readers import with_values
from scopeview.readers.fence import fenced
from scopeview.readers.protobuf.onnx_schema import ONNX_MESSAGES
from scopeview.readers.protobuf.types import message_type
from scopeview.readers.protobuf.wire import encode_varint
from scopeview.readers.weights.onnx_tensor import TYPES, varints
from tests.readers.weights.test_weights import arrays, assert_equal


def number(at: int, value: int) -> bytes:
    return encode_varint(at << 3) + encode_varint(value % (1 << 64))


def tensor(name: str, shape: Iterable[int], dtype: int, *parts: bytes) -> bytes:
    dims = b"".join(number(1, size) for size in shape)
    return dims + number(2, dtype) + field(8, name.encode()) + b"".join(parts)


def model(*initializers: bytes, nodes: Iterable[bytes] = ()) -> bytes:
    graph = b"".join(field(1, node) for node in nodes) + b"".join(field(5, one) for one in initializers)
    return number(1, 9) + field(2, b"tests") + field(8, number(2, 18)) + field(7, graph)


def entry(key: str, value: str) -> bytes:
    return field(13, field(1, key.encode()) + field(2, value.encode()))


def load(tmp_path: Path, raw: bytes) -> scopeview.Model:
    path = tmp_path / "x.onnx"
    path.write_bytes(raw)
    return scopeview.load(path)


KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)
RAW = field(9, KERNEL.tobytes())


def test_names_have_their_own_separator(tmp_path: Path) -> None:
    read = load(tmp_path, model(tensor("encoder.layer.0.weight", (2, 3), 1, RAW), tensor("net/w.1", (2, 3), 1, RAW)))

    assert read.origin.format == "checkpoint_onnx"
    assert read.origin.details == {"ir_version": "9", "producer_name": "tests"}
    assert {variable.name for variable in read.variables} == {"encoder/layer/0/weight", "net/w.1"}


def test_initializers_of_inner_graphs_are_in_a_scope_of_their_own(tmp_path: Path) -> None:
    inner = field(5, tensor("w", (2, 3), 1, RAW))
    node = field(2, b"chosen") + field(4, b"If") + field(5, field(1, b"then_branch") + field(6, inner))
    read = load(tmp_path, model(tensor("w", (2, 3), 1, RAW), nodes=[node]))

    assert [variable.name for variable in read.variables] == ["chosen/then_branch/w", "w"]


def test_graphs_that_nest_without_end_are_cut(tmp_path: Path) -> None:
    graph = field(5, tensor("w", (2, 3), 1, RAW))
    for _ in range(300):
        graph = field(1, field(5, field(6, graph))) + field(5, tensor("w", (), 6, field(5, encode_varint(3))))
    read = load(tmp_path, number(1, 9) + field(7, graph))

    assert "more than 50 levels deep" in " ".join(read.notes)
    assert len(read.variables) == 51


@pytest.mark.parametrize(
    ("dtype", "parts", "expected"),
    [
        (1, [field(4, KERNEL.tobytes())], KERNEL.ravel()),
        (1, [field(4, KERNEL.tobytes()[:8]), field(4, KERNEL.tobytes()[8:])], KERNEL.ravel()),
        (1, [b"".join(encode_varint(4 << 3 | 5) + one.tobytes() for one in KERNEL.ravel())], KERNEL.ravel()),
        (11, [field(10, KERNEL.astype(np.float64).tobytes())], KERNEL.ravel()),
        (7, [field(7, b"".join(encode_varint(n % (1 << 64)) for n in (-1, 0, 300, -(2**63), 2**62, 5)))], None),
        (3, [b"".join(number(5, n) for n in (-3, -128, 127, 0, 1, 2))], np.array([-3, -128, 127, 0, 1, 2])),
        (9, [field(5, bytes([1, 0, 1, 1, 0, 0]))], np.array([1, 0, 1, 1, 0, 0], bool)),
        (13, [field(11, b"".join(encode_varint(n) for n in (0, 2**64 - 1, 3, 4, 5, 6)))], None),
        (
            10,
            [field(5, b"".join(encode_varint(int(n)) for n in KERNEL.astype(np.float16).view(np.uint16).ravel()))],
            None,
        ),
        (22, [field(9, bytes([0x21, 0xF3, 0x8E]))], np.array([1, 2, 3, -1, -2, -8])),
        (14, [field(4, np.arange(12, dtype=np.float32).tobytes())], np.arange(12, dtype=np.float32).view(np.complex64)),
    ],
)
def test_every_list_of_numbers_is_read(tmp_path: Path, dtype: int, parts: list[bytes], expected: Any) -> None:
    load(tmp_path, model(tensor("w", (2, 3), dtype, *parts)))
    fixed = {
        7: np.array([-1, 0, 300, -(2**63), 2**62, 5]),
        13: np.array([0, 2**64 - 1, 3, 4, 5, 6], np.uint64),
        10: KERNEL.astype(np.float16).ravel(),
    }

    found = arrays(tmp_path / "x.onnx")["w"]

    assert found.dtype.name == TYPES[dtype]
    expected = fixed[dtype] if expected is None else expected
    np.testing.assert_array_equal(found.ravel().astype(expected.dtype), expected)


def test_varints_of_all_lengths() -> None:
    numbers = [0, 1, 127, 128, 16_383, 16_384, 2**35, 2**63, 2**64 - 1]
    raw = b"".join(map(encode_varint, numbers))

    assert varints(raw).tolist() == numbers
    assert varints(raw[:-1]).tolist() == numbers[:-1]
    assert varints(b"\xff" * 40).size == 0
    assert len(varints(b"\xff" * 40 + b"\x01")) == 1


def external(location: str, **more: object) -> bytes:
    entries = [entry("location", location), *(entry(key, str(value)) for key, value in more.items())]
    return tensor("w", (2, 3), 1, *entries, number(14, 1))


def test_values_beside_the_model_are_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.bin").write_bytes(bytes(8) + KERNEL.tobytes())
    load(tmp_path, model(external("data/x.bin", offset=8, length=24, checksum="00")))

    assert_equal(arrays(tmp_path / "x.onnx"), {"w": KERNEL})


@pytest.mark.parametrize(
    ("initializer", "said"),
    [
        (external("../secret.bin"), "a file that no model may name"),
        (external("/etc/hosts"), "a file that no model may name"),
        (external(""), "a file that no model may name"),
        (external("x.bin", offset=-8), "a file that no model may name"),
        (external("x.bin", offset=10**30), "a file that no model may name"),
        (external("gone.bin"), "gone.bin is missing beside the model"),
        (external("x.bin", offset=2**40), "ends before the values"),
        (external("x.bin", length=2**40), "where its shape needs 24"),
        (tensor("w", (2, 3), 1, field(9, bytes(20))), "has 20 bytes where its shape needs 24"),
        (tensor("w", (2**62, 2**62), 1, RAW), "a shape that cannot be right"),
        (tensor("w", (-1, 3), 1, RAW), "a shape that cannot be right"),
        (tensor("w", (1,) * 300, 1, RAW), "a shape that cannot be right"),
        (field(1, b"\x01" * 100_000) + field(8, b"w"), "a shape that cannot be right"),
        (field(8, b"w") + b"\x07", "is damaged"),
    ],
)
def test_what_cannot_be_right_is_noted_and_not_read(tmp_path: Path, initializer: bytes, said: str) -> None:
    (tmp_path.parent / "secret.bin").write_bytes(KERNEL.tobytes())
    (tmp_path / "x.bin").write_bytes(KERNEL.tobytes())
    read = load(tmp_path, model(initializer, tensor("good", (2, 3), 1, RAW)))

    assert said in " ".join(read.notes)
    found = {variable.name: list(with_values(read)[1].blocks(variable)) for variable in read.variables}
    assert len(found.pop("good")) == 1
    assert not any(found.values())


def test_a_link_beside_the_model_leads_out_of_no_served_folder(tmp_path: Path) -> None:
    served, secret = tmp_path / "served", tmp_path / "secret.bin"
    served.mkdir()
    secret.write_bytes(KERNEL.tobytes())
    (served / "x.bin").symlink_to(secret)
    load(served, model(external("x.bin"), tensor("good", (2, 3), 1, RAW)))
    with fenced([served]):
        read, values = with_values(scopeview.load(served / "x.onnx"))
        assert "missing beside the model" in " ".join(read.notes)

    # A file that becomes a link after it was found: the fence of then holds when it is opened.
    (served / "x.bin").unlink()
    (served / "x.bin").write_bytes(KERNEL.tobytes())
    with fenced([served]):
        read, values = with_values(scopeview.load(served / "x.onnx"))
        weight = next(variable for variable in read.variables if variable.name == "w")
        assert len(list(values.blocks(weight))) == 1
    (served / "x.bin").unlink()
    (served / "x.bin").symlink_to(secret)
    assert list(values.blocks(weight)) == []


def test_a_model_that_is_cut_off_says_so(tmp_path: Path) -> None:
    whole = model(tensor("first", (2, 3), 1, RAW), tensor("second", (2, 3), 1, RAW))
    for end in range(20, len(whole)):
        try:
            read = load(tmp_path, whole[:end])
        except ScopeviewError as error:
            assert "\n" not in str(error)
            continue
        assert {variable.name for variable in read.variables} <= {"first", "second"}
        assert len(read.variables) == 1 or "cut off" in " ".join(read.notes)


def test_constants_as_large_as_weights_are_listed_under_their_outputs(tmp_path: Path) -> None:
    def constant(output: str, count: int) -> bytes:
        value = tensor("", (count,), 1, field(9, np.arange(count, dtype=np.float32).tobytes()))
        return field(2, output.encode()) + field(4, b"Constant") + field(5, field(1, b"value") + field(5, value))

    with pytest.raises(ScopeviewError, match="without initializers"):
        load(tmp_path, model(nodes=[constant("shape", 4)]))
    load(tmp_path, model(nodes=[constant("shape", 4), constant("net/weight", 100)]))

    assert_equal(arrays(tmp_path / "x.onnx"), {"net/weight": np.arange(100, dtype=np.float32)})


@pytest.mark.frameworks
def test_the_table_of_messages_is_that_of_onnx() -> None:
    onnx: Any = pytest.importorskip("onnx", reason="onnx has the descriptors; the extra dev brings it")
    theirs = {number: onnx.helper.tensor_dtype_to_np_dtype(number).name for number in range(1, 24) if number != 8}
    assert theirs == {number: TYPES[number] for number in theirs}
    for line in ONNX_MESSAGES.splitlines():
        if not line.startswith("Onnx"):
            continue
        fields = getattr(onnx, line.removeprefix("Onnx")).DESCRIPTOR.fields_by_name
        for name, ours in message_type(line).FIELDS.items():
            other = fields[name]
            kinds = {value: key[5:].lower() for key, value in vars(type(other)).items() if key.startswith("TYPE_")}
            is_repeated = getattr(other, "is_repeated", None)
            is_repeated = other.label == other.LABEL_REPEATED if is_repeated is None else is_repeated
            assert (ours.number, ours.kind, ours.is_repeated) == (other.number, kinds[other.type], is_repeated), name
            of = other.message_type or other.enum_type
            assert ours.of.removeprefix("Onnx") == (of.full_name.removeprefix("onnx.") if of else "")


def every_dtype(onnx: Any) -> Iterable[tuple[int, np.ndarray[Any, Any]]]:
    rng = np.random.default_rng(5)
    for number_of, name in enumerate(TYPES):
        if name in ("unknown", "string", "uint2", "int2", "float4_e2m1fn") or "fnuz" in name:
            continue
        dtype = onnx.helper.tensor_dtype_to_np_dtype(number_of)
        yield number_of, rng.integers(0, 2 if name == "bool" else 7, (3, 5)).astype(dtype)


@pytest.mark.frameworks
@pytest.mark.parametrize("how", ["raw", "listed", "external"])
def test_onnx_itself_has_the_same_values(tmp_path: Path, how: str) -> None:
    onnx: Any = pytest.importorskip("onnx", reason="onnx writes and reads the model; the extra dev brings it")
    initializers, expected = [], {}
    for number_of, array in every_dtype(onnx):
        name = f"layer.{number_of}.weight"
        if how == "listed":
            made = onnx.helper.make_tensor(name, number_of, array.shape, array.ravel().tolist())
        else:
            made = onnx.numpy_helper.from_array(array, name)
        initializers.append(made)
        expected[name] = onnx.numpy_helper.to_array(made)
    graph = onnx.helper.make_graph([], "net", [], [], initializers)
    path = tmp_path / "x.onnx"
    external_data = {"save_as_external_data": True, "location": "x.data", "size_threshold": 0}
    onnx.save(onnx.helper.make_model(graph), path, **(external_data if how == "external" else {}))

    found = arrays(path)

    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype, name
        np.testing.assert_array_equal(found[name].astype(np.complex128), array.astype(np.complex128))
