from __future__ import annotations

import json

from tests.cli.running import Run
from tests.places import SAMPLES


def test_a_variable_in_full(scopeview: Run) -> None:
    ran = scopeview("show", SAMPLES / "m31_renaming_savers.meta", "net/w:0")

    assert ran.code == 0
    shown = ran.out.splitlines()
    assert shown[:10] == [
        "variable net/w",
        "  kind             ref",
        "  shape            [2] float32",
        "  size             2 parameters, 8 B",
        "  trainable        yes",
        shown[5],
        "  collections      trainable_variables, variables",
        "  checkpoint keys  old/name, net/w",
        "  handle op        net/w",
        "  not read: only init, save ops reach it",
    ]
    assert shown[5].startswith("  initializer      random_uniform(maxval=")
    assert "    second/SaveV2     saves     net/w" in shown
    assert "op net/w" in shown


def test_every_kind_of_thing_can_be_shown(scopeview: Run) -> None:
    gan = SAMPLES / "m17_gan.meta"
    assert scopeview("show", gan, "discriminator").out.splitlines()[0] == "op scope discriminator"
    assert "variable scope discriminator" in scopeview("show", gan, "discriminator").out
    assert scopeview("show", gan, "trainable_variables").out.startswith("collection trainable_variables")
    assert "consumers (" in scopeview("show", gan, "z").out
    parts = scopeview("show", SAMPLES / "m28_partitioned.meta", "p/w").out
    assert "p/w/part_2  at [7, 0]  [3, 4]" in parts
    assert "10 4 0,4:0,4" in parts
    function = scopeview("show", SAMPLES / "m27_cond_v2_resource.meta", "choice_true_258").out
    assert function.startswith("function choice_true_258")
    assert "readvariableop_net_w: resource" in function


def test_long_lists_are_cut_and_say_so(scopeview: Run) -> None:
    ran = scopeview("show", SAMPLES / "m17_gan.meta", "discriminator", "--limit", "2")

    assert "more: --limit lists them" in ran.out
    assert "consumers (" in scopeview("show", SAMPLES / "m20_towers.meta", "x", "--limit", "1").out
    assert "… 1 more: --limit lists them" in scopeview("show", SAMPLES / "m20_towers.meta", "x", "--limit", "1").out


def test_control_inputs_and_missing_inputs_are_marked(scopeview: Run) -> None:
    from tests.places import BROKEN

    shown = scopeview("show", BROKEN / "dangling.pb", "b").out

    assert "! gone:2 is not in the graph" in shown
    assert "! ^missing is not in the graph" in shown
    assert "^" in scopeview("show", SAMPLES / "m17_gan.meta", "save/control_dependency").out


def test_json_has_the_same_answer(scopeview: Run) -> None:
    found = json.loads(scopeview("show", SAMPLES / "m22_collections.meta", "y", "--json").out)

    (op,) = found["ops"]
    assert (op["type"], op["collections"]) == ("MatMul", ["endpoints"])
    assert [link["op"] for link in op["inputs"]] == ["x", "add"]


def test_a_name_that_is_not_there_ends_with_a_sentence(scopeview: Run) -> None:
    ran = scopeview("show", SAMPLES / "m05_reuse.meta", "shared_scope/w")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "is called 'shared_scope/w'" in ran.err
