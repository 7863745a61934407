from __future__ import annotations

import json
from pathlib import Path

from scopeview.analysis.lint.rules import RULES
from tests.cli.running import Run
from tests.places import SAMPLES


def test_missed_sharing_is_reported_with_its_pairs_and_the_shared_filter_is_not(scopeview: Run) -> None:
    missed = scopeview("lint", SAMPLES / "m18_missed_sharing.meta")
    shared = scopeview("lint", SAMPLES / "m19_shared_filter.meta")

    assert missed.code == 0
    shown = missed.out.splitlines()
    assert shown[0] == "warning G2 missed-sharing"
    assert "filter, filter_1, have 4 variables each and share none" in shown[1]
    assert "filter/conv1_weights = filter_1/conv1_weights" in shown[2]
    assert shared.out.startswith("nothing found (")


def test_one_cause_is_one_finding_whichever_rule_sees_it(scopeview: Run) -> None:
    made_twice = SAMPLES / "m18_missed_sharing.meta"

    every = scopeview("lint", made_twice, "--severity", "info").out
    chosen = scopeview("lint", made_twice, "--select", "G4").out
    without = scopeview("lint", made_twice, "--ignore", "G2").out

    assert ("G2" in every, "G4" in every, "G6" in every) == (True, False, False)
    assert chosen.startswith("warning G4 reuse-ignored")
    assert without.startswith("warning G4 reuse-ignored")


def test_the_verdict_stands_first_and_an_error_gives_exit_code_1(scopeview: Run) -> None:
    ran = scopeview("lint", SAMPLES / "m33_renamed.meta", SAMPLES / "m33_original.ckpt")

    assert ran.code == 1
    shown = ran.out.splitlines()
    assert shown[0] == "Restore will fail: 6 keys not in the checkpoint (0 of 6 keys fit)"
    assert shown[2] == "error GC1 key-not-found"
    assert len(shown) < 12
    assert "model/layer1/kernel <- layer1/weights" in ran.out
    assert scopeview("lint", SAMPLES / "m33_renamed.meta", SAMPLES / "m33_original.ckpt", "--ignore", "GC1").code == 0


def test_sarif_names_rule_level_file_and_place(scopeview: Run) -> None:
    ran = scopeview("lint", SAMPLES / "m18_missed_sharing.meta", "--select", "G2", "--format", "sarif")

    found = json.loads(ran.out)
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    assert len(run["tool"]["driver"]["rules"]) == len(RULES)
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("G2", "warning")
    (location,) = result["locations"]
    assert location["logicalLocations"] == [{"fullyQualifiedName": "filter"}]
    assert location["physicalLocation"]["artifactLocation"]["uri"].endswith("m18_missed_sharing.meta")


def test_json_and_a_folder_that_holds_graph_and_values(scopeview: Run) -> None:
    found = json.loads(scopeview("lint", SAMPLES / "m29_keras", "--json", "--severity", "info").out)

    assert found["checkpoint"] == found["path"]
    assert "C3" in {finding["code"] for finding in found["findings"]}
    assert found["rules_skipped"] == {}


def test_values_are_read_when_asked_for(scopeview: Run) -> None:
    found = json.loads(
        scopeview(
            "lint", SAMPLES / "m33_original.ckpt", "--values", "--severity", "info", "--json", "--select", "C4"
        ).out
    )

    assert [finding["message"] for finding in found["findings"]] == [
        f"all {size} values of layer{layer}/biases are 0" for layer, size in ((1, 8), (2, 6), (3, 2))
    ]


def test_a_rule_explains_itself(scopeview: Run) -> None:
    shown = scopeview("lint", "unused", "--explain", "G2").out.splitlines()

    assert shown[0] == "G2 missed-sharing  warning"
    assert shown[2].startswith("  why: ")
    assert scopeview("lint", "--explain", "G2").out.splitlines() == shown
    assert scopeview("lint", "unused", "--explain", "G99").code == 2


def test_all_rules_in_a_list(scopeview: Run) -> None:
    lines = scopeview("lint", "--explain", "all").out.splitlines()

    assert [line.split()[0] for line in lines] == list(RULES)
    refused = scopeview("lint", "--explain", "Z9").err
    assert refused == "scopeview: there is no lint rule 'Z9'; scopeview lint --explain all lists them\n"


def test_equal_networks_that_share_nothing_are_found_flat_and_named(scopeview: Run) -> None:
    flat = scopeview("lint", SAMPLES / "m36_missed_sharing_flat.meta").out.splitlines()
    named = scopeview("lint", SAMPLES / "m37_missed_sharing_named.meta").out.splitlines()

    assert flat[0] == named[0] == "warning G2 missed-sharing"
    assert "conv2_weights = conv2_weights_1" in flat[2]
    assert "left, right, have 4 variables each and share none" in named[1]
    assert not any(line.startswith("warning") for line in (*flat[1:], *named[1:]))


def test_a_saver_of_averages_and_a_checkpoint_without(scopeview: Run) -> None:
    ran = scopeview("lint", SAMPLES / "m39_asks_for_averages.meta", SAMPLES / "m39_without_averages.ckpt")

    assert ran.code == 1
    assert ran.out.startswith("Restore will fail: 2 keys not in the checkpoint")
    assert "the checkpoint has these variables under their own names, and no moving averages" in ran.out


def test_what_a_truncated_graph_lacks_is_left_open_and_said(scopeview: Run, tmp_path: Path) -> None:
    content = (SAMPLES / "m18_missed_sharing.meta").read_bytes()
    (tmp_path / "cut.meta").write_bytes(content[: len(content) * 2 // 3])
    about_lack = [rule.code for rule in RULES.values() if rule.is_about_lack and rule.needs == "graph"]

    whole = json.loads(scopeview("lint", SAMPLES / "m18_missed_sharing.meta", "--json").out)
    cut = json.loads(scopeview("lint", tmp_path / "cut.meta", "--json").out)
    shown = scopeview("lint", tmp_path / "cut.meta").out.splitlines()[-1]

    assert whole["rules_undecided"] == []
    assert cut["rules_undecided"] == about_lack
    assert set(about_lack) <= set(cut["rules_skipped"])
    assert shown.startswith(f"not applied: {', '.join(about_lack)}: part of the file could not be read")
