"""Values are measured in parts, and the answer does not depend on the parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scopeview.analysis import work
from scopeview.analysis.measuring import measured
from scopeview.analysis.work import SERIAL, Reading, SplitValues, check_same, stretches, units
from scopeview.errors import DamagedError
from scopeview.model.variables import Variable
from scopeview.readers import read, with_values
from scopeview.readers.checkpoint import values as checkpoint_values
from scopeview.readers.weights import scan
from tests.places import SAMPLES


class Backwards:
    """Runs tasks from the last to the first."""

    def run(
        self,
        function: Callable[[Any], Any],
        tasks: Sequence[Any],
        on_done: Callable[[int], None] = lambda _number: None,
    ) -> list[Any]:
        found = {number: function(tasks[number]) for number in reversed(range(len(tasks)))}
        for number in found:
            on_done(number)
        return [found[number] for number in range(len(tasks))]


def written(tmp_path: Path, arrays: dict[str, NDArray[np.float32]]) -> Path:
    """Write safetensors by hand."""
    import json

    header, body, offset = {}, b"", 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        body, offset = body + array.tobytes(), offset + array.nbytes
    text = json.dumps(header).encode()
    (tmp_path / "w.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + body)
    return tmp_path / "w.safetensors"


def test_any_cut_and_any_order_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "BLOCK_BYTES", 400)
    arrays = {f"v{size}": np.random.default_rng(size).normal(3, 2, size).astype(np.float32) for size in (1, 99, 5003)}
    model, values = with_values(read(written(tmp_path, arrays)))
    variables = list(model.variables)

    found, read_bytes = [], []
    for unit_bytes in (1, 1000, 1 << 30):
        monkeypatch.setattr(work, "UNIT_BYTES", unit_bytes)
        for runner in (SERIAL, Backwards()):
            sizes: list[int] = []
            found.append(measured(variables, values, Reading(runner, sizes.append)))
            read_bytes.append(sum(sizes))

    assert all(one == found[0] for one in found)
    for variable, one in zip(variables, found[0], strict=True):
        assert one.moments.elements == variable.parameters
        truth = arrays[variable.name].astype(np.float64)
        assert one.moments.mean == pytest.approx(truth.mean())
        assert one.bins in ((), tuple(np.histogram(truth, bins=24)[0].tolist()))
    assert max(read_bytes) <= sum(array.nbytes for array in arrays.values())


def test_blocks_of_a_checkpoint_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("m28_partitioned.ckpt", "m33_original.ckpt", "m32_sharded.ckpt"):
        model, values = with_values(read(SAMPLES / name))
        assert isinstance(values, SplitValues)
        for size in (8, 1 << 24):
            monkeypatch.setattr(checkpoint_values, "BLOCK_BYTES", size)
            for variable in model.variables:
                whole = list(values.blocks(variable))
                count = values.block_count(variable)
                single = [block for number in range(count) for block in values.between(variable, number, number + 1)]
                assert [block.tolist() for block in single] == [block.tolist() for block in whole]


class Given:
    def __init__(self, count: int) -> None:
        self.count = count

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        raise NotImplementedError

    def between(self, variable: Variable, first: int, last: int) -> Iterator[NDArray[np.generic]]:
        raise NotImplementedError

    def block_count(self, variable: Variable) -> int:
        return self.count

    def seen(self) -> dict[str, int]:
        return {}


def test_parts_are_of_bounded_size() -> None:
    large = Variable("large", "checkpoint", (1 << 30,), "float32")
    small = [Variable(f"s{number}", "checkpoint", (1 << 20,), "float32") for number in range(40)]

    parts = list(units(list(stretches([large, *small], Given(256)))))

    assert sum(stretch.last - stretch.first for part in parts for stretch in part if not stretch.is_whole) == 256
    assert max(sum(stretch.size_bytes for stretch in part) for part in parts) <= work.UNIT_BYTES
    assert len(parts) == 64 + 3
    huge = Variable("huge", "checkpoint", (5 * 10**12 // 4,), "float32")
    assert len(list(units(list(stretches([huge], Given(300_000)))))) <= work.MOST_PARTS + 1


def test_a_file_that_two_workers_saw_differently_is_refused() -> None:
    check_same([{"a": 1, "b": 2}, {"a": 1}])
    with pytest.raises(DamagedError, match="b changed while it was read"):
        check_same([{"a": 1, "b": 2}, {"b": 3}])


def test_what_a_file_claims_to_hold_makes_no_parts() -> None:
    model, values = with_values(read(SAMPLES / "m33_original.ckpt"))
    honest = next(iter(model.variables))
    assert honest.stored is not None
    claim = replace(honest, shape=(1 << 48,), stored=replace(honest.stored, size_bytes=1 << 50))

    assert len(list(stretches([claim], values))) == 1
    (found,) = measured([claim], values)
    assert found.moments.elements < 1000
