"""The diff as a picture: ribbons between two variable trees, opened step by step."""

from __future__ import annotations

from collections import Counter

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.report import diff
from scopeview.analysis.diff.ribbons import DiffMap, diff_map
from scopeview.analysis.diff.variables import DiffEntry, Status
from tests.places import SAMPLES


def entry_of(a: str | None, b: str | None, status: Status) -> DiffEntry:
    return DiffEntry(
        status=status,
        a=a,
        b=b,
        kind="variable",
        shape_a=(2,),
        shape_b=(2,),
        dtype_a="float32",
        dtype_b="float32",
        evidence="",
        confidence="high",
        values_differ=None,
        values=None,
        proposal="",
        alternatives=(),
        values_of="",
        parts_a=1,
        parts_b=1,
        collections_left=(),
        collections_joined=(),
        trainable_a=None,
        trainable_b=None,
    )


def drawn(found: DiffMap) -> set[tuple[str, str, int, int, int]]:
    return {
        (found.a[r.left].path, found.b[r.right].path, r.same, r.values + r.shape + r.dtype, r.renamed)
        for r in found.ribbons
    }


def test_ribbons_lead_from_each_side_to_the_other_and_what_is_alone_has_none() -> None:
    entries = [entry_of("enc/w", "enc/w", "same"), entry_of("enc/b", "enc/b", "shape")]
    entries += [entry_of("old/w", "new/w", "renamed")]
    entries += [entry_of("old/gone", None, "only_a"), entry_of(None, "new/more", "only_b")]

    closed = diff_map(entries)
    opened = diff_map(entries, ["old"], ["new"], same=False)

    assert drawn(closed) == {("enc", "enc", 1, 1, 0), ("old", "new", 0, 0, 1)}
    assert [(node.path, node.items, node.alone) for node in (*closed.a, *closed.b)] == [
        ("enc", 2, 0),
        ("old", 2, 1),
        ("enc", 2, 0),
        ("new", 2, 1),
    ]
    assert drawn(opened) == {("enc", "enc", 0, 1, 0), ("old/w", "new/w", 0, 0, 1)}
    assert [(node.path, node.is_open, node.alone) for node in opened.a] == [
        ("enc", False, 0),
        ("old", True, 0),
        ("old/gone", False, 1),
        ("old/w", False, 0),
    ]
    assert (closed.total, opened.total, diff_map([]).ribbons) == (5, 4, ())
    assert diff_map(entries, limit=1).is_cut


@pytest.mark.parametrize("opened", [[], ["tower", "tower/dense"], ["model", "enc", "model/enc"]])
def test_ribbons_add_up_to_the_entries_of_a_real_diff(opened: list[str]) -> None:
    report = diff(
        *(AnalysisContext(scopeview.load(SAMPLES / name)) for name in ("m33_original.ckpt", "m33_renamed.meta"))
    ).report

    found = diff_map(report.entries, opened, opened, slots=True)

    both = Counter(entry.status for entry in report.entries if entry.a is not None and entry.b is not None)
    assert sum(r.same for r in found.ribbons) == both["same"]
    assert sum(r.renamed for r in found.ribbons) == both["renamed"] > 0
    assert {change: sum(getattr(r, change) for r in found.ribbons) for change in ("shape", "dtype", "values")} == {
        change: both[change] for change in ("shape", "dtype", "values")
    }
    assert sum(node.alone for node in found.a) == report.summary["only_a"]
    assert sum(node.alone for node in found.b) == report.summary["only_b"]
