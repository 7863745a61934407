"""Files of weights that ask for more than they are worth: what one byte may buy is bounded, and is said."""

from __future__ import annotations

import io
import itertools
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import scopeview
from scopeview.errors import DamagedError, ScopeviewError
from scopeview.readers import with_values
from scopeview.readers.budget import Limits, budget_for, limited
from scopeview.readers.weights.pickles import load_tensors, tensors_in

_SMALL = Limits(memory_bytes=1 << 20)
_STORAGE = b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
_TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n" + _STORAGE + b"K\x00K\x02\x85K\x01\x85\x89NtR"
_NUMBERS = (1 << 61) - 1
"""Python gives the same hash to all multiples of it."""


def long(number: int) -> bytes:
    raw = number.to_bytes(number.bit_length() // 8 + 1, "little")
    return b"\x8a" + bytes([len(raw)]) + raw


def unpickled(raw: bytes) -> object:
    with limited(_SMALL), budget_for(len(raw)):
        return load_tensors(b"\x80\x02" + raw + b".", "x.pt")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"}(" + b"".join(long(n * _NUMBERS) + b"N" for n in range(1, 9)) + b"u", "a key that is a int"),
        (b"}}Ns", "a key that is a dict"),
        (b"(" + b"N" * 900 + b"lq\x00ctorch\nSize\nq\x01]" + b"(" + b"h\x01h\x00\x85R" * 900 + b"e", "copies more"),
        (
            b"(" + b"K\x01" * 90 + b"tq\x00ctorch._utils\n_rebuild_tensor_v2\n" + _STORAGE + b"K\x00h\x00h\x00\x89NtR",
            "axes",
        ),
        (b"\x8f" * 9000, "more objects than"),
        (b"(" * 9000, "more objects than"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n(" + b"N" * 900 + b"tR", "too many arguments"),
        (b"B\xff\xff\xff\xffx", "cannot be read"),
    ],
)
def test_no_byte_of_a_pickle_buys_much(raw: bytes, said: str) -> None:
    with pytest.raises(DamagedError, match=said):
        unpickled(raw)


def test_a_container_that_many_share_is_walked_as_far_as_its_file_is_worth() -> None:
    doubled = b"]q\x00" + b"".join(b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(99))
    key = b"X" + struct.pack("<I", 20_000) + b"k" * 20_000
    for raw in (doubled, b"}" + key + b"](" + _TENSOR + b"q\x00" + b"h\x00" * 900 + b"es"):
        root = unpickled(raw)
        with limited(_SMALL), budget_for(len(raw)) as budget:
            assert len(list(tensors_in(root))) < 60
        assert "left out" in budget.cuts[0]


def test_a_key_of_a_storage_is_never_printed() -> None:
    """A list of itself, twice, a hundred levels deep: to print it takes for ever."""
    doubled = b"](Neq\x00" + b"".join(
        b"](h" + bytes([n]) + b"h" + bytes([n]) + b"eq" + bytes([n + 1]) for n in range(99)
    )
    unpickled(doubled + b"((X\x07\x00\x00\x00storageNh\x63X\x03\x00\x00\x00cpuK\x04tQ")


def test_what_torch_pickles_beside_tensors_is_passed_over() -> None:
    metadata = b"ccollections\nOrderedDict\n)Rq\x01X\x01\x00\x00\x00w" + _TENSOR + b"s}X\x09\x00\x00\x00_metadataNsb"
    root = unpickled(b"}(X\x01\x00\x00\x00m" + metadata + b"K\x07" + _TENSOR + b"K\x01K\x02\x86" + _TENSOR + b"u")

    with budget_for(0):
        assert [name for name, _ in tensors_in(root)] == ["m.w", "7", "(1, 2)"]


def zipped(**files: bytes) -> bytearray:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name.replace("_npy", ".npy").replace("__", "/"), raw)
    return bytearray(packed.getvalue())


@pytest.mark.parametrize("place", ["flags", "method", "name", "offset"])
@pytest.mark.parametrize("name", ["x.npz", "x.pt", "x.keras"])
def test_a_damaged_archive_is_a_sentence(tmp_path: Path, name: str, place: str) -> None:
    inside = {"x.npz": "a_npy", "x.pt": "x__data.pkl", "x.keras": "model.weights.h5"}[name]
    raw = zipped(**{inside: b"K\x00."})
    entry = raw.index(b"PK\x01\x02")
    if place == "flags":
        raw[6:8] = raw[entry + 8 : entry + 10] = b"\x01\x08"  # encrypted, and its name is UTF-8
    elif place == "method":
        raw[8:10] = raw[entry + 10 : entry + 12] = b"\x0e\x00"  # LZMA, which takes the memory that the file asks for
    elif place == "name":
        raw[7], raw[30] = 8, 0xCA  # no UTF-8
    else:
        raw[entry + 42 : entry + 46] = b"\xff\xff\xff\x7f"
    path = tmp_path / name
    path.write_bytes(raw)

    if name == "x.npz":
        assert "no array that can be read" in " ".join(scopeview.load(path).notes)
    else:
        with pytest.raises(ScopeviewError):
            scopeview.load(path)


def npy(shape: str, descr: str = "|u1", data: bytes = b"") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def test_arrays_of_an_archive_claim_no_more_than_it_is_worth(tmp_path: Path) -> None:
    endless = b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 20) + b" " * (1 << 20)
    large = npy("600000,", data=bytes(600_000))
    raw = zipped(a_npy=large, b_npy=large, endless_npy=endless, good_npy=npy("2,", "<V2", bytes(4)))
    first = raw.index(b"PK\x01\x02")
    entry, cut = raw[first : raw.index(b"PK\x01\x02", first + 1)], raw.rindex(b"PK\x05\x06")
    size, start = struct.unpack("<II", raw[cut + 12 : cut + 20])
    raw[cut + 8 : cut + 20] = struct.pack("<HHII", 504, 504, size + 500 * len(entry), start)
    raw[cut:cut] = entry * 500  # the same entry again and again
    path = tmp_path / "x.npz"
    path.write_bytes(raw)

    with limited(_SMALL):
        model, values = with_values(scopeview.load(path))
        assert [sum(map(len, values.blocks(variable))) for variable in model.variables] == [600_000, 0, 0]
    assert [variable.dtype for variable in model.variables] == ["uint8", "uint8", "void16"]
    assert "its header is too long" in model.notes[0]


def safetensors(header: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + data


def test_a_header_with_a_key_twice_is_refused_and_tensors_that_share_bytes_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    entry = b'"%s":{"dtype":"F32","shape":[2],"data_offsets":[%d,%d]}'
    path.write_bytes(safetensors(b"{%s,%s}" % (entry % (b"a", 0, 8), entry % (b"a", 0, 8)), bytes(8)))
    with pytest.raises(DamagedError, match="'a' is there twice"):
        scopeview.load(path)

    path.write_bytes(safetensors(b"{%s,%s}" % (entry % (b"a", 0, 8), entry % (b"b", 4, 12)), bytes(12)))
    assert "'a' and 'b' share bytes of the file" in scopeview.load(path).notes[0]


def test_names_that_become_one_stay_apart(tmp_path: Path) -> None:
    """Dots and slashes both part scopes: 8,192 keys that are the same path."""
    keys = ["a" + "".join(f"{sign}a" for sign in signs) for signs in itertools.product("./", repeat=13)]
    header = {key: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for key in keys}
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors(json.dumps(header).encode()))

    names = [variable.name for variable in scopeview.load(path).variables]

    assert len(set(names)) == len(keys)
    assert max(map(len, names)) < 40


def test_many_tensors_of_the_same_bytes_are_read_as_often_as_the_file_is_worth(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    header = {f"w{n}": {"dtype": "U8", "shape": [1000], "data_offsets": [0, 1000]} for n in range(2000)}
    path.write_bytes(safetensors(json.dumps(header).encode(), bytes(1000)))

    with limited(Limits(memory_bytes=1_100_000)):
        model, values = with_values(scopeview.load(path))
        read = sum(sum(map(len, values.blocks(variable))) for variable in model.variables)

    assert read == 1_100_000
    assert "and of 899 more are more than a file of this size may cost" in model.notes[-1]


def test_strings_are_counted_in_one_pass_of_files_that_are_named_often(tmp_path: Path) -> None:
    (tmp_path / "z.bin").write_bytes(bytes(4000))
    weights = [{"name": "s", "shape": [150_000], "dtype": "string"}, {"name": "w", "shape": [2], "dtype": "float32"}]
    manifest = {"weightsManifest": [{"paths": ["z.bin"] * 200, "weights": weights}]}
    (tmp_path / "model.json").write_text(json.dumps(manifest))

    model = scopeview.load(tmp_path / "model.json")

    assert [variable.name for variable in model.variables] == ["s", "w"]
    assert model.variables[1].stored is not None
    assert model.variables[1].stored.offset == 600_000


def test_strings_of_several_files_are_as_long_as_they_say(tmp_path: Path) -> None:
    texts = [b"", b"four", b"x" * 70]
    raw = b"".join(struct.pack("<I", len(text)) + text for text in texts) + np.array([1, 2], np.float32).tobytes()
    for number in range(4):
        (tmp_path / f"{number}.bin").write_bytes(raw[number * 30 : (number + 1) * 30])
    weights = [{"name": "s", "shape": [3], "dtype": "string"}, {"name": "w", "shape": [2], "dtype": "float32"}]
    manifest = {"weightsManifest": [{"paths": [f"{n}.bin" for n in range(4)], "weights": weights}]}
    (tmp_path / "model.json").write_text(json.dumps(manifest))

    model, values = with_values(scopeview.load(tmp_path / "model.json"))

    assert np.concatenate(list(values.blocks(model.variables[1]))).tolist() == [1, 2]
