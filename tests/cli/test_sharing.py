from __future__ import annotations

import json

from tests.cli.running import Run
from tests.places import SAMPLES

GAN = SAMPLES / "m17_gan.meta"


def test_both_call_sites_of_every_discriminator_variable_are_named(scopeview: Run) -> None:
    ran = scopeview("sharing", GAN)

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "4 of 8 variables used at several places",
        "",
        "discriminator/hidden/ biases [6], weights [4, 6]  2 call sites",
        "    discriminator/hidden    home        add, MatMul",
        "    discriminator_1/hidden  re-entry    add, MatMul  no variable of its own; same op types; no initializers",
        "",
        "discriminator/logits/ biases [1], weights [6, 1]  2 call sites",
        "    discriminator/logits    home        add, MatMul",
        "    discriminator_1/logits  re-entry    add, MatMul  no variable of its own; same op types; no initializers",
    ]


def test_the_json_has_the_names_of_the_contract(scopeview: Run) -> None:
    found = json.loads(scopeview("sharing", GAN, "--json").out)

    assert found["total"] == 4
    biases = found["variables"][0]
    assert biases.keys() >= {"name", "creation_scope", "call_sites", "readers", "writers", "slots", "roles"}
    assert biases["creation_scope"] == "discriminator/hidden"
    assert [[site["scope"], site["relation"], site["reads"], site["evidence"]] for site in biases["call_sites"]] == [
        ["discriminator/hidden", "home", ["discriminator/hidden/add"], ["E1"]],
        ["discriminator_1/hidden", "re-entry", ["discriminator_1/hidden/add"], ["E1", "E2", "E3", "E4"]],
    ]
    assert [slot["variable"] for slot in biases["slots"]] == [
        "discriminator/hidden/biases/Adam_d",
        "discriminator/hidden/biases/Adam_d_1",
    ]
    assert biases["roles"] == {"forward": 2, "save": 2, "init": 1, "update": 1}


def test_what_is_listed_can_be_chosen(scopeview: Run) -> None:
    def names(*options: str) -> list[str]:
        return [v["name"] for v in json.loads(scopeview("sharing", GAN, "--json", *options).out)["variables"]]

    assert names("--min", "3") == []
    assert names("--min", "1", "--scope", "generator") == [
        "generator/biases",
        "generator/hidden/biases",
        "generator/hidden/weights",
        "generator/weights",
    ]
    assert names("--collection", "trainable_variables", "--scope", "discriminator/logits") == [
        "discriminator/logits/biases",
        "discriminator/logits/weights",
    ]
    assert len(names("--all")) == 28
    assert len(names("--all", "--limit", "5")) == 5


def test_all_that_is_known_of_one_variable(scopeview: Run) -> None:
    ran = scopeview("sharing", GAN, "discriminator/logits/weights")

    shown = ran.out.splitlines()
    assert shown[:3] == [
        "variable discriminator/logits/weights",
        "  is               ref [6, 1] float32, trainable",
        "  created in       discriminator/logits",
    ]
    assert "  used at 2 call sites" in shown
    assert "    discriminator/logits/weights/Adam_d_1  slot  v  rule S1" in shown
    assert "    save/SaveV2     saves     discriminator/logits/weights" in shown


def test_a_slot_says_what_it_exists_for(scopeview: Run) -> None:
    shown = scopeview("sharing", GAN, "generator/biases/Adam_g").out

    assert "not read: it exists for generator/biases (slot, rule S1)" in shown
    assert "exists for the variable generator/biases (slot Adam_g, m; rule S1)" in shown


def test_numbered_call_sites_become_one_line(scopeview: Run) -> None:
    shown = scopeview("sharing", SAMPLES / "m09_loop_unrolled.meta").out

    assert "rnn/cell/ b [4], w [7, 4]  10 call sites" in shown
    assert "rnn/cell_[1-9]  re-entry    add, MatMul" in shown
    assert "used 10 times at 1 call site" in scopeview("sharing", SAMPLES / "m09_lstm_unrolled.meta").out


def test_a_scope_or_collection_that_is_not_there_is_refused(scopeview: Run) -> None:
    for option in ("--scope", "--collection"):
        ran = scopeview("sharing", GAN, option, "nope")
        assert (ran.code, ran.out) == (2, "")
        assert "is called 'nope'" in ran.err


def test_a_variable_that_is_not_there_is_named_with_what_is_near(scopeview: Run) -> None:
    ran = scopeview("sharing", GAN, "discriminater/hidden/weights")

    assert ran.code == 2
    assert "no variable in" in ran.err
    assert "discriminator/hidden/weights" in ran.err


def test_a_checkpoint_says_why_nothing_reads_its_variables(scopeview: Run) -> None:
    shown = scopeview("sharing", SAMPLES / "m33_original.ckpt", "--all").out

    assert shown.splitlines()[0] == "0 of 6 variables used at several places; 6 listed"
    assert "not read: a checkpoint holds values and no graph that reads them" in shown


def test_a_variable_used_thrice_at_the_root_is_shared(scopeview: Run) -> None:
    shown = scopeview("sharing", SAMPLES / "m35_shared_at_the_root.meta").out

    assert shown.startswith("1 of 1 variable used at several places")
    assert "used 3 times at 1 call site" in shown
