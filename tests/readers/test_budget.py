from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from scopeview.model.wanted import UnwantedError, wanted_while
from scopeview.readers.budget import ITEM_BYTES, Limits, budget, budget_for, limited
from scopeview.readers.files import look_into
from scopeview.readers.step_stats import runs_in


def test_a_budget_grows_with_the_file_and_says_once_what_is_left_out() -> None:
    with budget_for(10) as small, budget_for(100 << 20) as large:
        assert budget() is large
        assert large.bytes_left == 64 * (100 << 20) > small.bytes_left

        while small.spend_items(1000, "the ops"):
            pass
        assert small.bytes_left < 1000 * ITEM_BYTES
        assert not small.spend_items(1000, "the ops")

    assert small.cuts == [
        "the ops take more than a file of this size may cost: the rest of them is left out; --limit-memory allows more"
    ]


def test_limits_replace_the_proportion() -> None:
    with limited(Limits(memory_bytes=1000)), budget_for(1 << 30) as found:
        assert (found.spend(1000, "x"), found.spend(1, "x")) == (True, False)


def test_time_that_is_over_ends_the_work() -> None:
    with limited(Limits(seconds=1e-9)), budget_for(0) as found:
        assert not found.spend(1, "the blocks")

    assert found.cuts == [
        "reading took longer than the limit: the blocks are left out from there on; --limit-seconds allows more"
    ]


def test_work_ends_when_nobody_waits_for_it() -> None:
    with wanted_while(lambda: False), budget_for(0) as found, pytest.raises(UnwantedError):
        found.spend(1, "x")


def test_outside_of_any_file_there_is_the_smallest_budget() -> None:
    assert budget().spend(1 << 20, "x")
    assert not budget().spend(1 << 30, "x")


def test_what_is_read_beside_a_model_has_a_budget_of_its_own(tmp_path: Path) -> None:
    """Overlays, maps and recorded steps: after the budget of the file has ended, or without any."""
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(bytes(5 << 20)))
    node = b"\x12\x09\x0a\x03a%02d\x18\x01\x20\x09"  # NodeExecStats: name, start, end
    device = b"\x0a\x02/x" + b"".join(node.replace(b"%02d", b"%02d" % number) for number in range(50))
    step = b"\x0a" + bytes([0x80 | len(device) & 0x7F, len(device) >> 7]) + device
    metadata = b"\x0a" + bytes([0x80 | len(step) & 0x7F, len(step) >> 7]) + step

    with limited(Limits(memory_bytes=1 << 20)):
        assert len(look_into(packed)) == 1 << 20
    assert len(runs_in(metadata)[0].ops) == 50
    with limited(Limits(memory_bytes=10 * ITEM_BYTES)):
        assert len(runs_in(metadata)[0].ops) == 10
