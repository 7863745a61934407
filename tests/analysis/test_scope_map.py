"""The map of a GAN, opened step by step; ribbons add up whatever is open."""

from __future__ import annotations

import pytest

import scopeview
from scopeview.analysis.answers.map_opening import MapOpening, map_opening
from scopeview.analysis.answers.scope_map import MapFilter, ScopeMap, scope_map
from scopeview.analysis.context import AnalysisContext
from tests.graphs import model_from_text
from tests.places import ROOT, SAMPLES

GAN = AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta"))


def ribbons(found: ScopeMap) -> set[tuple[str, str, int]]:
    return {(found.variables[r.left].path, found.ops[r.right].path, r.reads + r.writes) for r in found.ribbons}


def test_one_source_and_two_ribbons_where_a_scope_is_shared() -> None:
    assert ribbons(scope_map(GAN)) == {
        ("discriminator", "discriminator", 4),
        ("discriminator", "discriminator_1", 4),
        ("generator", "generator", 4),
    }
    opened = scope_map(GAN, ["discriminator", "discriminator/logits"], ["discriminator_1"])
    assert ("discriminator/logits/weights", "discriminator_1/logits", 1) in ribbons(opened)
    assert [node.path for node in opened.variables if node.is_open] == ["discriminator", "discriminator/logits"]
    assert {node.path: node.uses for node in opened.variables if not node.is_scope} == {
        "discriminator/logits/biases": 2,
        "discriminator/logits/weights": 2,
    }


@pytest.mark.parametrize("role", ["forward", "update", "save", ""])
@pytest.mark.parametrize("opened", [[], ["generator"], ["discriminator", "discriminator/hidden"]])
def test_ribbons_add_up_to_the_accesses(role: str, opened: list[str]) -> None:
    found = scope_map(GAN, opened, opened, MapFilter(role=role))  # type: ignore[arg-type]

    truth = [
        access
        for variable in GAN.model.variables
        if variable not in GAN.auxiliary_variables
        for access in (*GAN.accesses(variable).readers, *GAN.accesses(variable).writers)
        if not role or access.role == role
    ]
    assert found.total_accesses == len(truth) == sum(r.reads + r.writes for r in found.ribbons)
    assert sum(r.writes for r in found.ribbons) == sum(access.writes for access in truth)


def test_filters() -> None:
    shared = scope_map(GAN, chosen=MapFilter(shared=True))
    written = scope_map(GAN, chosen=MapFilter(role="init", kind="writes"))

    assert [node.path for node in shared.variables] == ["discriminator"]
    assert {(r.reads, r.writes) for r in written.ribbons} == {(0, 4)}
    assert scope_map(GAN, chosen=MapFilter(collection="nowhere")).total_variables == 0


def test_a_side_that_is_too_long_is_cut_and_says_so() -> None:
    found = scope_map(GAN, ["discriminator", "discriminator/hidden"], limit=2)

    assert found.is_cut
    assert len(found.variables) == 2


def test_programs_of_an_object_graph_stand_beside_each_other() -> None:
    found = scope_map(AnalysisContext(scopeview.load(SAMPLES / "m29_module")))

    assert [node.path for node in found.ops] == ["call", "encode"]


def test_numbers_are_sorted_by_their_size() -> None:
    text = "".join(f"unit_{number}/w VariableV2\nunit_{number}/read Identity unit_{number}/w\n" for number in range(12))

    found = scope_map(AnalysisContext(model_from_text(text)))

    assert [node.path for node in found.variables] == [f"unit_{number}" for number in range(12)]
    opened = scope_map(AnalysisContext(model_from_text(text)), ["unit_2", "unit_10"])
    assert [node.path for node in opened.variables][2:5] == ["unit_2", "unit_2/w", "unit_3"]


def test_ribbons_say_how_much_of_them_is_shared() -> None:
    for found in (scope_map(GAN), scope_map(GAN, ["discriminator"], ["discriminator_1"])):
        for ribbon in found.ribbons:
            is_shared = found.variables[ribbon.left].path.startswith("discriminator")
            assert ribbon.shared == (ribbon.reads if is_shared else 0)


MIXED = """
x        Placeholder
net/own  VariableV2   shape=3
net/tied VariableV2   shape=3
net/a/one/read   Identity  net/tied
net/a/two/read   Identity  net/tied
net/a/one/y      Add       x  net/own
net/a/one/z      Add       x  net/a/one/read
net/a/two/z      Add       x  net/a/two/read
"""


def test_the_map_opens_as_far_as_sharing_is_to_be_seen() -> None:
    mixed = AnalysisContext(model_from_text(MIXED))

    assert map_opening(GAN) == MapOpening((), ())
    assert map_opening(mixed) == MapOpening(("net",), ("net", "net/a"))


def test_each_thing_has_the_lines_that_all_in_it_have_in_common() -> None:
    traced = AnalysisContext(scopeview.load(ROOT / "docs" / "examples" / "train.scopetrace"))

    def lines(found: ScopeMap) -> dict[str, list[str]]:
        return {node.path: [f"{one.file}:{one.line}" for one in node.code] for node in (*found.variables, *found.ops)}

    train = (ROOT / "docs" / "examples" / "train.py").read_text("utf-8").splitlines()
    calls = [f"train.py:{number}" for number, text in enumerate(train, 1) if "discriminator(" in text]
    closed = scope_map(traced)
    made = ["model.py:17", "model.py:23"]
    assert [f"{one.file}:{one.line}" for one in closed.variables[0].code] == ["model.py:23", *calls[:1]]
    assert lines(closed) == {"discriminator": [*made, *calls[:1]], "discriminator_1": [*made, *calls[1:]]}
    opened = lines(scope_map(traced, ["discriminator", "discriminator/hidden"], ["discriminator_1"]))
    assert opened["discriminator_1"] == opened["discriminator/hidden"] == []
    assert opened["discriminator_1/hidden"] == ["model.py:17", "model.py:23", *calls[1:]]
    assert opened["discriminator/hidden/biases"] == ["model.py:16", "model.py:23", *calls[:1]]
    assert not any(lines(scope_map(GAN)).values())
