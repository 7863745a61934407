from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scopeview.model.attributes import (
    DType,
    FunctionRef,
    PlaceholderValue,
    ShapeValue,
    TensorValue,
    Undecodable,
)
from scopeview.readers.graph.attributes import PREVIEW_VALUES, decode_node, tensor_value
from tests.messages import message


def test_every_kind_of_attribute_becomes_a_plain_value() -> None:
    node = message("NodeDef")(name="n", op="Op")
    node.attr["b"].b = True
    node.attr["bytes"].s = b"\xff\xfe"
    node.attr["empty"].list.SetInParent()
    node.attr["f"].f = 0.5
    node.attr["func"].func.name = "body"
    node.attr["func"].func.attr["T"].type = 1
    node.attr["i"].i = -3
    node.attr["ints"].list.i.extend([1, 2])
    node.attr["none"].SetInParent()
    node.attr["placeholder"].placeholder = "T"
    node.attr["s"].s = b"SAME"
    node.attr["shape"].shape.dim.add(size=-1)
    node.attr["shapes"].list.shape.add(unknown_rank=True)
    node.attr["type"].type = 9

    assert decode_node(node.SerializeToString()) == {
        "b": True,
        "bytes": b"\xff\xfe",
        "empty": (),
        "f": 0.5,
        "func": FunctionRef("body", {"T": DType("float32")}),
        "i": -3,
        "ints": (1, 2),
        "none": None,
        "placeholder": PlaceholderValue("T"),
        "s": "SAME",
        "shape": ShapeValue((None,)),
        "shapes": (ShapeValue(None),),
        "type": DType("int64"),
    }


def test_attributes_that_do_not_decode_are_shown_as_that() -> None:
    (value,) = decode_node(b"\x0a\xff").values()

    assert isinstance(value, Undecodable)
    assert value.size_bytes == 2


@pytest.mark.parametrize(
    "dtype",
    [
        "float32",
        "float64",
        "int32",
        "int64",
        "uint8",
        "int8",
        "int16",
        "uint16",
        "uint32",
        "uint64",
        "bool",
        "float16",
        "complex64",
        "complex128",
    ],
)
def test_dense_content_is_read_as_numpy_writes_it(dtype: str) -> None:
    from scopeview.model.dtypes import dtype_name

    number = next(n for n in range(1, 30) if dtype_name(n) == dtype)
    values = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 1], dtype=dtype)
    proto = message("NodeDef")().attr["v"].tensor
    proto.dtype = number
    proto.tensor_shape.dim.add(size=10)
    proto.tensor_content = values.tobytes()

    assert tensor_value(proto) == TensorValue(dtype, (10,), tuple(values[:PREVIEW_VALUES].tolist()))


def tensor(dtype: int, sizes: tuple[int, ...] = (), **fields: object) -> TensorValue:
    proto = message("NodeDef")().attr["v"].tensor
    proto.dtype = dtype
    for size in sizes:
        proto.tensor_shape.dim.add(size=size)
    for name, values in fields.items():
        getattr(proto, name).extend(values)
    return tensor_value(proto)


def test_typed_fields_repeat_their_last_value() -> None:
    assert tensor(1, (3,), float_val=[0.5]).preview == (0.5, 0.5, 0.5)
    assert tensor(3, (2, 2), int_val=[1, 2]).preview == (1, 2, 2, 2)
    assert tensor(1, (3,)).preview == (0, 0, 0)
    assert tensor(7, (), string_val=[b"text"]).preview == ("text",)
    assert tensor(7, (2,)).preview == ()
    assert tensor(8, (2,), scomplex_val=[1.0, 2.0, 3.0, 4.0]).preview == (1 + 2j, 3 + 4j)
    assert tensor(10, (), bool_val=[True]).preview == (True,)


def test_halves_are_stored_as_their_bits() -> None:
    assert tensor(19, (2,), half_val=[0x3C00, 0xC000]).preview == (1.0, -2.0)
    assert tensor(14, (2,), half_val=[0x3F80, 0xC000]).preview == (1.0, -2.0)


def test_content_of_a_type_without_a_layout_has_no_preview() -> None:
    proto = message("NodeDef")().attr["v"].tensor
    proto.dtype = 29
    proto.tensor_content = b"\x11"

    assert tensor_value(proto).preview == ()


@pytest.mark.parametrize(("last", "is_uniform"), [(0.0, True), (1.0, False)])
@pytest.mark.parametrize("wrap", [bytes, memoryview])
def test_a_large_constant_is_uniform_to_its_end_or_not(wrap: Any, last: float, is_uniform: bool) -> None:
    node = message("NodeDef")(name="c", op="Const")
    tensor = node.attr["value"].tensor
    tensor.dtype = 1
    tensor.tensor_shape.dim.add(size=5000)
    tensor.tensor_content = np.array([0.0] * 4999 + [last], dtype=np.float32).tobytes()

    value = decode_node(wrap(node.SerializeToString()))["value"]
    assert isinstance(value, TensorValue)
    assert (value.is_uniform, value.preview) == (is_uniform, (0.0,) * 8)
