"""Who shares what, held against TensorFlow's own traversal where it can tell."""

from __future__ import annotations

import pytest

import scopeview
from scopeview.analysis.answers.sharing import SharedScope, sharing, sharing_of
from scopeview.analysis.context import AnalysisContext
from scopeview.errors import NotFoundError
from tests.graphs import model_from_text
from tests.places import SAMPLES


def context(name: str) -> AnalysisContext:
    return AnalysisContext(scopeview.load(SAMPLES / name))


def test_every_discriminator_variable_has_two_call_sites_and_every_generators_one() -> None:
    found = sharing(context("m17_gan.meta"), minimum=1)

    uses = {use.name: [site.scope for site in use.call_sites] for use in found.variables}
    assert {name: scopes for name, scopes in uses.items() if name.startswith("discriminator")} == {
        f"discriminator/{layer}/{leaf}": [f"discriminator/{layer}", f"discriminator_1/{layer}"]
        for layer in ("hidden", "logits")
        for leaf in ("biases", "weights")
    }
    assert {len(scopes) for name, scopes in uses.items() if name.startswith("generator")} == {1}
    assert (found.total, found.model_variables, found.shared) == (8, 8, 4)


def test_reentry_without_a_mark_is_found() -> None:
    (use,) = sharing(context("m14_unmarked_reentry.meta")).variables

    assert use.uses == 3
    assert [(site.relation, site.scope, site.reads) for site in use.call_sites] == [
        ("home", "foo", ("foo/Add", "foo/Add_1")),
        ("cross", "", ("Add",)),
    ]


def test_functions_of_an_object_graph_share_by_position_and_not_by_name() -> None:
    (use,) = sharing(context("m29_module")).variables

    assert use.object_paths == ("layers/0",)
    assert [(site.program, site.scope) for site in use.call_sites] == [
        ("call", "StatefulPartitionedCall/enc"),
        ("encode", "enc"),
    ]


@pytest.mark.parametrize(
    ("name", "variable", "unread"),
    [
        ("m33_original.ckpt", "layer1/weights", "a checkpoint holds values and no graph that reads them"),
        ("m24_adam.meta", "beta1_power", "it exists for an optimizer (scalar, rule S4)"),
        ("m24_adam.meta", "global_step", "only training reads or writes it"),
        ("m31_renaming_savers.meta", "net/scratch", "only init ops reach it"),
        ("m02_nested_scopes.pbtxt", "test1/firstvar", "only init ops reach it"),
    ],
)
def test_a_variable_that_nothing_computes_with_says_why(name: str, variable: str, unread: str) -> None:
    (use,) = sharing_of(context(name), variable).variables

    assert (use.unread, use.uses) == (unread, 0)


def test_a_result_that_is_only_fetched_is_a_use() -> None:
    found = sharing(
        AnalysisContext(model_from_text("w VariableV2 shape=2\nw/read Identity w\nout Identity w/read")), minimum=1
    )

    assert [use.call_sites[0].reads for use in found.variables] == [("out",)]


def test_a_variable_answers_to_all_its_names() -> None:
    savers = context("m31_renaming_savers.meta")

    assert {sharing_of(savers, name).variables[0].name for name in ("net/w", "net/w:0", "old/name")} == {"net/w"}
    assert sharing_of(context("m28_partitioned.meta"), "p/w/part_1").variables[0].name == "p/w"
    with pytest.raises(NotFoundError, match="near it: net/w"):
        sharing_of(savers, "old/w")


def test_sharing_is_summed_by_the_scopes_that_were_entered_again() -> None:
    gan = sharing(AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta")))
    filters = sharing(AnalysisContext(scopeview.load(SAMPLES / "m19_shared_filter.meta")))

    assert gan.scopes == (SharedScope("discriminator", ("discriminator", "discriminator_1"), 4, 37),)
    assert [(one.scope, one.call_sites, one.variables) for one in filters.scopes] == [
        ("image_filters/conv1", ("image_filters/conv1", "image_filters/conv1_1"), 2),
        ("image_filters/conv2", ("image_filters/conv2", "image_filters/conv2_1"), 2),
    ]
