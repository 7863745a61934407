"""TensorFlow Lite: names, shapes, quantization and values are those that TensorFlow's interpreter gives."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scopeview
from scopeview.errors import ScopeviewError
from scopeview.model.quantization import Quantization
from scopeview.readers.weights import tflite
from scopeview.readers.weights.flat_tables import FlatError, root_table
from tests.cli.running import Run
from tests.readers.weights.test_weights import arrays

flatbuffers: Any = pytest.importorskip("flatbuffers", reason="the package flatbuffers writes the models of these tests")


def built(
    tensors: Sequence[dict[str, Any]], buffers: Sequence[bytes], names: Sequence[str] = ("main",), repeat: int = 1
) -> bytes:
    """Return a model of one subgraph, or of several with the same tensors.

    Args:
        tensors: name, shape, type, buffer, and `scale`, `zero`, `axis` of those that are quantized.
        buffers: their bytes.
        names: of the subgraphs.
        repeat: how often a subgraph lists its tensors.
    """
    builder = flatbuffers.Builder(1024)

    def vector(items: Sequence[int], size: int, add: Any) -> int:
        builder.StartVector(size, len(items), size)
        for item in reversed(items):
            add(item)
        return int(builder.EndVector())

    def table(fields: dict[int, tuple[str, Any]]) -> int:
        builder.StartObject(max(fields, default=-1) + 1)
        for number, (kind, value) in fields.items():
            getattr(builder, f"Prepend{kind}Slot")(number, value, 0)
        return int(builder.EndObject())

    def tensor(one: dict[str, Any]) -> int:
        fields = {3: ("UOffsetTRelative", builder.CreateString(one["name"]))}
        fields[0] = ("UOffsetTRelative", vector(one["shape"], 4, builder.PrependInt32))
        if "scale" in one:
            quantized = {2: ("UOffsetTRelative", vector(one["scale"], 4, builder.PrependFloat32))}
            quantized[3] = ("UOffsetTRelative", vector(one["zero"], 8, builder.PrependInt64))
            fields[4] = ("UOffsetTRelative", table(quantized | {6: ("Int32", one["axis"])}))
        return table(fields | {1: ("Int8", one["type"]), 2: ("Uint32", one["buffer"])})

    made = [table({0: ("UOffsetTRelative", builder.CreateByteVector(raw))} if raw else {}) for raw in buffers]
    subgraphs = []
    for name in names:
        text = builder.CreateString(name)
        inner = vector([tensor(one) for one in tensors] * repeat, 4, builder.PrependUOffsetTRelative)
        subgraphs.append(table({0: ("UOffsetTRelative", inner), 4: ("UOffsetTRelative", text)}))
    fields = {2: ("UOffsetTRelative", vector(subgraphs, 4, builder.PrependUOffsetTRelative))}
    fields[4] = ("UOffsetTRelative", vector(made, 4, builder.PrependUOffsetTRelative))
    builder.Finish(table(fields), b"TFL3")
    return bytes(builder.Output())


def one(name: str, array: np.ndarray[Any, Any], buffer: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": array.shape, "type": tflite.TYPES.index(array.dtype.name), "buffer": buffer, **more}


KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)
SMALL = np.arange(-3, 3, dtype=np.int8)


def model() -> bytes:
    tensors = [
        one("net/input", KERNEL, 0),
        one("net/kernel", KERNEL, 1),
        one("net/fused;net/add;net/bias/ReadVariableOp", KERNEL[0], 3),
        one("net/small", SMALL, 2, scale=[0.5], zero=[3], axis=0),
        one("net/wide", SMALL.reshape(2, 3), 2, scale=[0.5, 0.25], zero=[0, 0], axis=1),
    ]
    return built(tensors, [b"", KERNEL.tobytes(), SMALL.tobytes(), KERNEL[0].tobytes()], ("main", "other"))


def test_constant_tensors_of_all_subgraphs_are_listed_once(tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(model())

    read = scopeview.load(path)

    assert read.origin.format == "checkpoint_tflite"
    assert {v.name: (v.dtype, v.shape, v.note) for v in read.variables} == {
        "net/bias/ReadVariableOp": ("float32", (3,), ""),
        "net/kernel": ("float32", (2, 3), ""),
        "net/small": ("int8", (6,), "quantized: scale 0.5, zero point 3"),
        "net/wide": ("int8", (2, 3), "quantized along axis 1: 2 scales from 0.25 to 0.5, zero point 0"),
    }
    np.testing.assert_array_equal(arrays(path)["net/kernel"], KERNEL)
    np.testing.assert_array_equal(arrays(path)["net/small"], SMALL)


@pytest.mark.parametrize(("name", "bits"), [("int4", 4), ("uint4", 4), ("int2", 2)])
def test_packed_numbers_are_read_one_by_one(tmp_path: Path, name: str, bits: int) -> None:
    if bits == 2 and not hasattr(pytest.importorskip("ml_dtypes"), name):
        pytest.skip("this ml_dtypes has no int2")
    low = 0 if name.startswith("u") else -(1 << bits - 1)
    numbers = np.resize(np.arange(low, low + (1 << bits)), 13)
    packed = np.zeros(-(-13 * bits // 8), np.uint8)
    for at, number in enumerate(numbers):
        packed[at * bits // 8] |= (int(number) & ((1 << bits) - 1)) << at * bits % 8
    tensor = {"name": "w", "shape": (13,), "type": tflite.TYPES.index(name), "buffer": 1}
    path = tmp_path / "x.tflite"
    path.write_bytes(built([tensor], [b"", packed.tobytes()]))

    np.testing.assert_array_equal(arrays(path)["w"].astype(np.int64), numbers)


def test_quantized_weights_are_shown_and_written_as_what_they_stand_for(tmp_path: Path, scopeview: Run) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(model())
    real = {"net/small": (SMALL - 3.0) * 0.5, "net/kernel": KERNEL, "net/bias/ReadVariableOp": KERNEL[0]}

    done = scopeview("convert", path, "--to", tmp_path / "x.npz", "--dequantize")
    shown = json.loads(scopeview("values", path, "name:net/small", "--dequantize", "--json").out)

    assert done.code == 0, done.err
    found = np.load(tmp_path / "x.npz")
    for name, array in real.items():
        assert found[name if name in found else "net/fused;net/add;net/bias/ReadVariableOp"].dtype == np.float32
        np.testing.assert_array_equal(found[name if name in found else found.files[0]], array.astype(np.float32))
    assert found["net/wide"].dtype == np.int8  # three columns and two scales: nothing says what they stand for
    (entry,) = shown["variables"]
    assert (entry["dtype"], entry["minimum"], entry["maximum"]) == ("float32", -3.0, -0.5)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 7, 24])
def test_scales_along_an_axis_hold_in_blocks_of_any_size(axis: int, size: int) -> None:
    array = np.arange(24, dtype=np.int8).reshape(2, 3, 4)
    count = array.shape[axis]
    along = [-1 if at == axis else 1 for at in range(3)]
    scales, zeros = np.linspace(0.1, 2, count), np.arange(count)
    found = Quantization(tuple(scales), tuple(zeros), axis)
    flat = array.ravel()

    blocks = [found.real(flat[first : first + size], first, array.shape) for first in range(0, 24, size)]

    expected = (array - zeros.reshape(along)) * scales.astype(np.float32).reshape(along)
    assert found.fits(array.shape) and not found.fits((5, 5, 5))
    np.testing.assert_array_equal(np.concatenate(blocks).reshape(array.shape), expected.astype(np.float32))


@cache
def converted(how: str) -> bytes:
    """Return a model that TensorFlow's own converter makes."""
    tf: Any = pytest.importorskip("tensorflow", reason="TensorFlow makes and reads the model")
    rng = np.random.default_rng(3)
    first = tf.constant(rng.normal(size=(3, 3, 2, 8)), tf.float32)
    second = tf.constant(rng.normal(size=(8, 64)), tf.float32)
    third = tf.constant(rng.normal(size=(64, 64)), tf.float32)

    @tf.function(input_signature=[tf.TensorSpec((1, 6, 6, 2), tf.float32)])  # type: ignore[untyped-decorator]
    def network(inputs: Any) -> Any:
        hidden = tf.nn.relu(tf.nn.conv2d(inputs, first, 1, "SAME"))
        return tf.matmul(tf.matmul(tf.reduce_mean(hidden, [1, 2]), second), third)

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    if how != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if how == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


@pytest.mark.filterwarnings("ignore")  # the interpreter is deprecated, and still TensorFlow's
@pytest.mark.parametrize("how", ["float32", "float16", "int8"])
def test_tensorflows_interpreter_has_the_same_tensors(tmp_path: Path, how: str) -> None:
    tf: Any = pytest.importorskip("tensorflow", reason="TensorFlow makes and reads the model")
    path = tmp_path / "x.tflite"
    path.write_bytes(converted(how))
    # With its own kernels and no delegates, the tensors are those of the file.
    interpreter = tf.lite.Interpreter(
        str(path), experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    details = {detail["name"]: detail for detail in interpreter.get_tensor_details()}

    found = arrays(path)
    real = scopeview.weights(path, dequantize=True)
    notes = {variable.checkpoint_keys[0]: variable.note for variable in scopeview.load(path).variables}

    assert how in {array.dtype.name for array in found.values()}
    for key, array in found.items():
        detail = details[key]
        assert array.dtype == detail["dtype"]
        np.testing.assert_array_equal(array, interpreter.get_tensor(detail["index"]))
        scales = detail["quantization_parameters"]["scales"]
        assert (f"{len(scales)} scales" in notes[key]) == (len(scales) > 1)
        parameters = detail["quantization_parameters"]
        zeros, axis = parameters["zero_points"], parameters["quantized_dimension"]
        along = [-1 if at == axis and len(scales) > 1 else 1 for at in range(array.ndim)]
        expected = (array.astype(np.int64) - zeros.reshape(along)) * scales.reshape(along) if len(scales) else array
        np.testing.assert_array_equal(real[key], expected.astype(np.float32) if len(scales) else array)
    constant = {op_input for op in interpreter._get_ops_details() for op_input in op["inputs"]}
    produced = {op_output for op in interpreter._get_ops_details() for op_output in op["outputs"]}
    inputs = {detail["index"] for detail in interpreter.get_input_details()}
    expected = {detail["name"] for detail in details.values() if detail["index"] in constant - produced - inputs}
    assert set(found) == expected


def test_the_numbers_of_fields_and_types_are_tensorflows() -> None:
    schema: Any = pytest.importorskip(
        "tensorflow.lite.python.schema_py_generated", reason="TensorFlow ships the schema as code"
    )
    assert dict(enumerate(tflite.TYPES)) == {
        number: name.lower() for name, number in vars(schema.TensorType).items() if not name.startswith("_")
    }
    for table, fields in tflite.FIELDS.items():
        for name, number in fields.items():
            builder = flatbuffers.Builder(0)
            builder.PrependInt64(0)
            getattr(schema, f"{table}Start")(builder)
            add = getattr(schema, f"{table}Add{''.join(word.capitalize() for word in name.split('_'))}")
            add(builder, 4)
            assert [at for at, place in enumerate(builder.current_vtable) if place] == [number], (table, name)


def test_a_file_that_is_cut_off_or_changed_is_a_sentence(tmp_path: Path) -> None:
    whole, path = model(), tmp_path / "x.tflite"
    for end in range(8, len(whole), 7):
        path.write_bytes(whole[:end])
        try:
            read = scopeview.load(path)
            assert read.notes
        except ScopeviewError as error:
            assert "\n" not in str(error)
    for place in range(0, len(whole) - 4, 4):
        if place == 4:
            continue
        for number in (0, 0x7FFFFFFF, 0xFFFFFFFF, 4, place):
            path.write_bytes(whole[:place] + struct.pack("<I", number) + whole[place + 4 :])
            try:
                scopeview.load(path)
            except ScopeviewError as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        ({"shape": (2, 4)}, "has 24 bytes where its shape needs 32"),
        ({"shape": (-1, 3)}, "a shape that cannot be right"),
        ({"shape": (1,) * 300}, "a shape that cannot be right"),
        ({"shape": (2**31 - 1,) * 9}, "where its shape needs"),
    ],
)
def test_what_cannot_be_right_is_noted(tmp_path: Path, tensor: dict[str, Any], said: str) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(built([one("w", KERNEL, 1) | tensor, one("good", SMALL, 2)], [b"", KERNEL.tobytes(), bytes(6)]))

    assert said in " ".join(scopeview.load(path).notes)
    assert "good" in arrays_of(path)


def arrays_of(path: Path) -> set[str]:
    return {variable.name for variable in scopeview.load(path).variables}


def test_many_offsets_to_one_table_cost_what_they_are_worth(tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(built([one("n" * 60_000, KERNEL, 1)], [b"", KERNEL.tobytes()], repeat=100_000))

    read = scopeview.load(path)

    assert len(read.variables) == 1
    assert "its tensors take more than a file of this size may cost" in " ".join(read.notes)


def test_a_table_without_a_vtable_is_refused() -> None:
    for raw in (b"", b"\x04\0\0\0", struct.pack("<Ii", 4, 2) + b"\xff\xff\0\0", struct.pack("<I", 1 << 31)):
        with pytest.raises(FlatError):
            root_table(raw)
