"""TensorFlow's data types: the numbers of `types.proto`, the names of `tf.DType`, the bytes of one element."""

from __future__ import annotations

_NAMES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    11: "qint8",
    12: "quint8",
    13: "qint32",
    14: "bfloat16",
    15: "qint16",
    16: "quint16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    20: "resource",
    21: "variant",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
    26: "float8_e4m3fnuz",
    27: "float8_e4m3b11fnuz",
    28: "float8_e5m2fnuz",
    29: "int4",
    30: "uint4",
    31: "int2",
    32: "uint2",
    33: "float4_e2m1fn",
}

_NUMBERS = {name: number for number, name in _NAMES.items()}

NON_NUMERIC = frozenset({"string", "resource", "variant"})

_REF_OFFSET = 100
"""`DT_FLOAT_REF` is `DT_FLOAT` + 100: the output of a reference variable."""

_BYTES = {
    "float32": 4,
    "float64": 8,
    "int32": 4,
    "uint8": 1,
    "int16": 2,
    "int8": 1,
    "complex64": 8,
    "int64": 8,
    "bool": 1,
    "qint8": 1,
    "quint8": 1,
    "qint32": 4,
    "bfloat16": 2,
    "qint16": 2,
    "quint16": 2,
    "uint16": 2,
    "complex128": 16,
    "float16": 2,
    "uint32": 4,
    "uint64": 8,
    "float8_e5m2": 1,
    "float8_e4m3fn": 1,
    "float8_e4m3fnuz": 1,
    "float8_e4m3b11fnuz": 1,
    "float8_e5m2fnuz": 1,
    "int4": 1,
    "uint4": 1,
    "int2": 1,
    "uint2": 1,
    "float4_e2m1fn": 1,
}


def dtype_name(number: int) -> str:
    """Return the name of a `DataType` number, as `tf.as_dtype(number).name` does.

    >>> dtype_name(1), dtype_name(101), dtype_name(0), dtype_name(77)
    ('float32', 'float32_ref', 'unknown', 'unknown(77)')
    """
    if number == 0:
        return "unknown"
    if number in _NAMES:
        return _NAMES[number]
    base = _NAMES.get(number - _REF_OFFSET)
    return f"{base}_ref" if base else f"unknown({number})"


def dtype_number(name: str) -> int:
    """Return the `DataType` number of a name.

    >>> dtype_number("float32"), dtype_number("bfloat16")
    (1, 14)
    """
    return _NUMBERS[name]


def element_bytes(dtype: str) -> int | None:
    """Return the bytes of one element in memory, or None where they vary (strings, handles).

    >>> element_bytes("bfloat16"), element_bytes("string")
    (2, None)
    """
    return _BYTES.get(dtype.removesuffix("_ref"))
