from __future__ import annotations

import io
import random
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from scopeview import to_json
from scopeview.analysis.answers.inspect import inspect
from scopeview.analysis.context import AnalysisContext
from scopeview.model.model import Model
from scopeview.readers import read
from scopeview.readers.checkpoint import index_columns, v2
from scopeview.writers.checkpoint import write_checkpoint
from scopeview.writers.table import write_table
from scopeview.writers.tensors import TensorToWrite

SHAPES = ((2, 3), (3,), (), (2, 3), (1,), (0, 4))
STEMS = ("w", "kernel", "dense/bias", "block_1/conv/w", "Adam", "x/Adam/w", "b")
PREFIXES = ("", "", "train/", "tower/train/", "Adam/", "my_optimizer/m/", "a/b/c/", "a/b/c/d/")
SLOTS = ("", "", "/Adam", "/Adam_1", "/ExponentialMovingAverage", "/replica_1", "/m", "/odd", "/odd_1", "/Momentum")
ALONE = ("beta1_power", "beta2_power", "Adam/iter", "global_step", "train/beta1_power_1", "Adam/learning_rate")


def entries(seed: int, count: int = 120) -> dict[str, TensorToWrite]:
    """Return entries of the names that optimizers give and of others like them."""
    chance = random.Random(seed)
    names = [chance.choice(PREFIXES) + chance.choice(STEMS) + chance.choice(SLOTS) for _ in range(count)]
    names += [name for name in ALONE if chance.random() < 0.4]
    found = {}
    for name in sorted(set(names)):
        shape = () if name in ALONE else chance.choice(SHAPES[: chance.choice((1, 2, len(SHAPES)))])
        dtype = chance.choice(("float32", "float32", "int64"))
        value = np.full(shape, chance.choice((0, 1, 3)), dtype=dtype)
        found[name] = TensorToWrite(name, dtype, shape, partial(iter, [value]))
    return found


def written(folder: Path, seed: int) -> Path:
    prefix = folder / f"model-{seed}"
    write_checkpoint(prefix, entries(seed).values())
    return prefix


def read_both(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Model, Model]:
    """Return a checkpoint that is read in columns, and the same read entry by entry."""
    monkeypatch.setattr(index_columns, "FEWEST", 1)
    in_columns = read(prefix)
    monkeypatch.setattr(index_columns, "FEWEST", 1 << 40)
    return in_columns, read(prefix)


@pytest.mark.parametrize("seed", range(4))
def test_columns_are_what_is_read_entry_by_entry(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = read_both(written(tmp_path, seed), monkeypatch)

    assert a.variables.columns is not None
    assert b.variables.columns is None
    assert list(a.variables) == list(b.variables)
    assert list(a.variables.listed) == list(b.variables.listed)
    assert a.variables.parameters.tolist() == b.variables.parameters.tolist()
    assert a.variables.size_bytes.tolist() == b.variables.size_bytes.tolist()
    assert (a.origin, a.damage, a.notes) == (b.origin, b.damage, b.notes)


@pytest.mark.parametrize("seed", range(15))
def test_answers_are_the_same(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = read_both(written(tmp_path, seed), monkeypatch)
    one, other = AnalysisContext(a).auxiliary_variables, AnalysisContext(b).auxiliary_variables

    assert a.variables.columns is not None
    assert list(one) == list(other)
    assert list(one)  # the names are such that some are slots
    assert [one.of(variable) for variable in a.variables] == [other.of(variable) for variable in b.variables]
    assert [one.belonging_to(v) for v in a.variables] == [other.belonging_to(v) for v in b.variables]
    assert one.mask(a.variables).tolist() == other.mask(b.variables).tolist()
    assert to_json(inspect(AnalysisContext(a))) == to_json(inspect(AnalysisContext(b)))


def test_an_entry_that_no_saver_writes_is_never_read_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fields of other wire types, twice, unknown, negative or too long: the columns are the same, or there are none."""
    monkeypatch.setattr(index_columns, "FEWEST", 1)
    chance = random.Random(7)
    header = b"\x08\x01\x1a\x02\x08\x01"
    plain = bytes.fromhex("0801 1208 1202 0802 1202 0803 2880 0135 01020304")
    read_in_columns = 0
    for _ in range(600):
        values = [_changed(plain, chance) for _ in range(3)]
        raw = _index([(b"", header), *((b"w%d" % number, value) for number, value in enumerate(values))])
        found = index_columns.read_columns(raw)
        if found is None:
            continue
        read_in_columns += 1
        bundle = v2.read_bundle(raw, "")
        assert bundle is not None
        assert list(found.variables) == v2.bundle_variables(bundle)
        assert bundle.notes == []
    assert 30 < read_in_columns < 570


def _changed(entry: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(3)):
        place = chance.randrange(len(entry))
        put = bytes([chance.choice((0x08, 0x0D, 0x18, 0x1D, 0x28, 0x35, 0x3A, 0x80, 0xFF, chance.randrange(256)))])
        entry = entry[:place] + put * chance.choice((1, 1, 1, 9)) + entry[place + chance.choice((0, 1)) :]
    return entry


@pytest.mark.parametrize(
    "names",
    [[b"a", b"a/.ATTRIBUTES/VARIABLE_VALUE"], [b"a//b"], [b"/a"], [b"a/"], [b"\xc3\xa4"], [b"\0a"], [b"x" * 5000]],
    ids=repr,
)
def test_names_that_need_more_care_are_read_one_by_one(names: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_columns, "FEWEST", 1)
    raw = _index([(b"", b"\x08\x01"), *((name, b"\x08\x01\x28\x04") for name in sorted(names))])

    assert index_columns.read_columns(raw) is None
    assert index_columns.read_columns(_index([(b"", b"\x08\x01"), (b"a", b"\x08\x01\x28\x04")])) is not None


def _index(entries: list[tuple[bytes, bytes]]) -> bytes:
    file = io.BytesIO()
    write_table(file, entries)
    return file.getvalue()
