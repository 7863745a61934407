from __future__ import annotations

import json

import pytest

from tests.cli.running import Ran, Run
from tests.places import BROKEN, ROOT, SAMPLES


def lines(ran: Ran) -> list[str]:
    assert (ran.code, ran.err) == (0, "")
    return ran.out.splitlines()


def test_a_small_graph_is_shown_whole(scopeview: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    shown = lines(scopeview("inspect", "sample_graphs/artifacts/m11_both_scopes.meta"))

    assert shown == [
        "sample_graphs/artifacts/m11_both_scopes.meta",
        "  MetaGraphDef · TensorFlow 2.21.0 · producer 2474",
        "  12 ops · 1 variable · 8 parameters · 32 B",
        "",
        "  inputs      x float32[?, 4]",
        "  outputs     model/encoder/MatMul float32[?, 2]",
        "  parameters  8 trained · 0 not trained · 0 optimizer state",
        "  largest     encoder 8",
        "",
        "ops",
        "              ops  types",
        "  x                Placeholder",
        "  encoder/     10  Const 3, AddV2, Assign, Identity, …",
        "  └ weight/    10  VariableV2 · Const 3, AddV2, Assign, Identity, …",
        "  model/        1  MatMul",
        "  └ encoder/    1  MatMul",
        "    └ MatMul       MatMul",
        "",
        "variables",
        "            parameters  shape       dtype",
        "  encoder/           8  1 variable",
        "  └ weight           8  [4, 2]      float32  trainable",
        "",
        "collections (2)",
        "  trainable_variables  1  variables  encoder/weight:0",
        "  variables            1  variables  encoder/weight:0",
    ]


def test_it_fits_a_screen(scopeview: Run) -> None:
    shown = lines(scopeview("inspect", SAMPLES / "m17_gan.meta"))

    assert len(shown) < 80
    assert any("--all shows everything" in line for line in shown)


def test_all_shows_every_op_and_every_variable(scopeview: Run) -> None:
    found = json.loads(scopeview("inspect", SAMPLES / "m17_gan.meta", "--json").out)
    shown = "\n".join(lines(scopeview("inspect", SAMPLES / "m17_gan.meta", "--all")))

    assert "not shown" not in shown
    assert "folded" not in shown
    for variable in found["variables"]:
        assert variable["name"].rpartition("/")[2] in shown
    assert shown.count("VariableV2") >= len(found["variables"])


def test_sections_are_chosen(scopeview: Run) -> None:
    path = SAMPLES / "m29_two_tag_sets"

    def headings(*options: str) -> list[str]:
        shown = lines(scopeview("inspect", path, "--tags", "serve", *options))
        return [line.split(" (")[0] for line in shown[1:] if line and not line.startswith(" ")]

    assert headings() == ["ops", "variables", "collections", "signatures"]
    assert headings("--ops") == ["ops"]
    assert headings("--variables", "--collections") == ["variables", "collections"]
    assert headings("--functions") == ["signatures", "functions"]


def test_one_scope_of_both_trees(scopeview: Run) -> None:
    shown = lines(scopeview("inspect", SAMPLES / "m17_gan.meta", "--scope", "discriminator/hidden/", "--depth", "1"))

    labels = [line.split()[0] for line in shown if line.startswith("  ") and not line.startswith("   ")]
    assert "biases/" in labels
    assert "discriminator/" not in labels


def test_sizes_can_be_the_order(scopeview: Run) -> None:
    shown = lines(scopeview("inspect", SAMPLES / "m07_layers.meta", "--variables", "--sort", "size", "--depth", "1"))

    assert [line.split()[0] for line in shown[6:9]] == ["layer2/", "layer1/", "layer3/"]


def test_json_is_the_whole_answer_even_where_text_is_cut(scopeview: Run) -> None:
    found = json.loads(scopeview("inspect", SAMPLES / "m17_gan.meta", "--json").out)

    assert (found["model"]["ops"], found["model"]["variables"]) == (397, len(found["variables"]))
    shared = [scope["path"] for scope in found["op_scopes"] if scope["depth"] == 1]
    assert {"discriminator", "discriminator_1", "generator"} <= set(shared)


def test_an_import_is_reported(scopeview: Run) -> None:
    shown = lines(scopeview("inspect", SAMPLES / "m05_reuse.meta", "--import", "--depth", "1"))

    assert shown[-1] == "  TensorFlow and what was read agree on all of these"
    assert shown[-2].startswith("  accepted by TensorFlow")


def test_a_refused_import_is_reported(scopeview: Run) -> None:
    shown = lines(scopeview("inspect", BROKEN / "dangling.pb", "--import"))

    assert any(line.startswith("  refused by TensorFlow") for line in shown)
    assert any(line.startswith("dangling (3)") for line in shown)


def test_notes_and_other_artifacts_stand_in_the_header(scopeview: Run) -> None:
    shown = lines(scopeview("inspect", SAMPLES / "m29_logdir/v2"))

    assert shown[0].endswith("[events.out.tfevents.sample:call/function_0]")
    assert shown[3].startswith("  also here (--artifact NAME): events.out.tfevents.sample:call/function_0/optimized")
    assert "  ! the file is truncated" in "\n".join(lines(scopeview("inspect", BROKEN / "truncated.meta")))


def test_a_graph_without_variables_says_so(scopeview: Run) -> None:
    shown = lines(scopeview("inspect", BROKEN / "cycle.pb"))

    assert shown[-1] == "  none: no variable op, and no constant that carries the marks of freezing"


def test_lost_names_and_parts_are_marked(scopeview: Run) -> None:
    frozen = "\n".join(lines(scopeview("inspect", SAMPLES / "m30_frozen_v2.pb", "--variables")))
    assert "! the variable's name was lost by freezing" in frozen

    parts = "\n".join(lines(scopeview("inspect", SAMPLES / "m28_partitioned.meta", "--variables")))
    assert "trainable  in 3 parts" in parts


def test_a_section_that_is_asked_for_says_that_it_is_empty(scopeview: Run) -> None:
    shown = lines(scopeview("inspect", SAMPLES / "m05_reuse.meta", "--functions"))

    assert shown[-5:] == ["signatures (0)", "  none", "", "functions (0)", "  none"]


def test_a_scope_is_shown_with_the_variable_that_it_is_named_after(scopeview: Run) -> None:
    def shown(scope: str) -> list[str]:
        ran = scopeview("inspect", SAMPLES / "m24_adam.meta", "--scope", scope, "--variables")
        return [line.split()[0] for line in lines(ran)[6:]]

    assert lines(scopeview("inspect", SAMPLES / "m24_adam.meta", "--scope", "dense/weights"))[4] == (
        "ops in dense/weights"
    )
    assert shown("dense/weights") == ["weights", "Adam", "Adam_1"]
    assert shown("dense/weights/Adam") == ["Adam"]


def test_a_scope_that_is_not_there_is_named(scopeview: Run) -> None:
    ran = scopeview("inspect", SAMPLES / "m05_reuse.meta", "--scope", "shared")

    assert ran.code == 2
    assert "is called 'shared'; near it: shared_scope, " in ran.err


@pytest.mark.parametrize("name", ["hostile_names.pb", "deep_nesting.pb"])
def test_hostile_names_reach_the_terminal_as_text(name: str, scopeview: Run) -> None:
    for options in ((), ("--all",), ("--json",)):
        ran = scopeview("inspect", BROKEN / name, *options)
        assert ran.code == 0
        assert not set(ran.out) & {"\x1b", "\x07", "\x00", "\u202e"}


def test_color_only_where_it_is_asked_for(scopeview: Run) -> None:
    assert "\x1b[" not in scopeview("inspect", SAMPLES / "m05_reuse.meta").out
    assert "\x1b[" in scopeview("inspect", SAMPLES / "m05_reuse.meta", "--color").out


def test_a_terminal_of_any_width_is_not_overrun(scopeview: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (40, 80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        for path in (SAMPLES / "m17_gan.meta", BROKEN / "hostile_names.pb"):
            assert max(map(len, lines(scopeview("inspect", path)))) <= width


def test_clipping_is_no_part_of_the_computation(scopeview: Run) -> None:
    clipped = SAMPLES / "m40_clipped_gradients.meta"
    forward = scopeview("inspect", clipped, "--hide-roles", "init,save,gradient,update").out
    clip = json.loads(scopeview("show", clipped, "clip_by_global_norm/mul", "--json").out)

    assert "clip_by_global_norm" not in forward
    assert "global_norm" not in forward
    assert '"gradient"' in json.dumps(clip) or '"update"' in json.dumps(clip)
