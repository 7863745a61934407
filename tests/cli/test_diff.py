from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.running import Run
from tests.places import SAMPLES

ORIGINAL, RENAMED = SAMPLES / "m33_original.ckpt", SAMPLES / "m33_renamed.meta"
BEFORE, AFTER = SAMPLES / "m32_before.ckpt", SAMPLES / "m32_after.ckpt"


def test_a_summary_first_then_rules_and_the_tree(scopeview: Run) -> None:
    ran = scopeview("diff", ORIGINAL, RENAMED)

    assert ran.code == 1
    shown = ran.out.splitlines()
    assert (shown[0].split()[0], shown[1].split()[0]) == ("checkpoint", "graph")
    assert shown[2] == "Restore will fail: 6 keys not in the checkpoint (0 of 6 keys fit)"
    assert shown[3].startswith("  ! 6 x model/layer{1..3}/{biases,kernel}: stored as layer{1..3}/{biases,weights}")
    start = shown.index("6 renamed")
    assert shown[start : start + 6] == [
        "6 renamed",
        "",
        "rename rules",
        "  (root)     ->  model/    6 variables",
        "  */weights  ->  */kernel  3 variables",
        "",
    ]


def test_the_header_fits_and_sides_are_named_by_role(
    scopeview: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    deep = tmp_path / ("long" * 20) / "graph.meta"
    deep.parent.mkdir()
    shutil.copy(RENAMED, deep)

    back = scopeview("diff", deep, ORIGINAL).out.splitlines()
    plain = scopeview("diff", BEFORE, AFTER).out.splitlines()

    assert (back[0].split()[0], back[1].split()[0]) == ("graph", "checkpoint")
    assert back[0].rstrip().endswith("meta graph, 6 variables")
    assert max(map(len, back)) <= 80
    assert (plain[0].split()[0], plain[1].split()[0]) == ("old", "new")


def test_scopes_in_which_one_thing_happened_are_one_line_in_80_columns(scopeview: Run, monkeypatch: object) -> None:
    shown = scopeview("diff", BEFORE, AFTER).out.splitlines()

    assert shown[2] == "12 same, 16 with other values"
    assert shown[-1].split() == ["~", "discriminator/", *["12", "variables", "with", "other", "values"]]
    assert len(scopeview("diff", BEFORE, AFTER, "--all").out.splitlines()) == 4 + 1 + 28


def test_the_json_has_the_names_of_the_contract(scopeview: Run) -> None:
    found = json.loads(scopeview("diff", ORIGINAL, RENAMED, "--json").out)

    assert found.keys() >= {"a", "b", "summary", "entries", "rules", "assignment_map"}
    assert set(found["summary"]) == {"same", "values", "shape", "dtype", "renamed", "only_a", "only_b"}
    entry = {"status", "a", "b", "shape_a", "shape_b", "dtype_a", "dtype_b", "evidence", "confidence"}
    assert all(row.keys() >= entry for row in found["entries"])
    assert found["rules"][0] == {
        "from": "",
        "to": "model/",
        "variables": 6,
        "evidence": {"names, numbers and shapes agree": 6},
    }


def test_exit_codes_are_those_of_diff(scopeview: Run) -> None:
    assert scopeview("diff", BEFORE, BEFORE).code == 0
    assert scopeview("diff", BEFORE, AFTER).code == 1
    assert scopeview("diff", BEFORE, AFTER, "--fail-on", "shape,removed").code == 0
    assert scopeview("diff", BEFORE, AFTER, "--fail-on", "changed").code == 1
    assert scopeview("diff", SAMPLES / "m07_layers.meta", RENAMED, "--fail-on", "graph").code == 1
    missing = scopeview("diff", BEFORE, "nowhere")
    assert (missing.code, missing.out) == (2, "")
    assert scopeview("diff", BEFORE, AFTER, "--only", "nonsense").code == 2
    assert "holds no values" in scopeview("diff", BEFORE, RENAMED, "--values").err
    assert "is a V1 checkpoint" in scopeview("diff", BEFORE, SAMPLES / "m32_v1.ckpt", "--values").err
    nowhere = scopeview("diff", BEFORE, AFTER, "--scope", "nope")
    assert (nowhere.code, "has the scope 'nope'" in nowhere.err) == (2, True)
    assert scopeview("diff", BEFORE, AFTER, "--only", "added").code == 0
    assert scopeview("diff", ORIGINAL, RENAMED, "--fail-on", "restore").code == 1


def test_the_map_leads_from_the_checkpoint_to_the_graph_whichever_comes_first(scopeview: Run) -> None:
    forth = scopeview("diff", ORIGINAL, RENAMED, "--assignment-map").out
    back = scopeview("diff", RENAMED, ORIGINAL, "--assignment-map").out

    assert forth == back
    part = scopeview("diff", ORIGINAL, RENAMED, "--format", "map", "--scope", "model/layer1").out
    assert eval(part) == {"layer1/biases": "model/layer1/biases", "layer1/weights": "model/layer1/kernel"}


def test_a_saved_model_is_compared_with_its_values(scopeview: Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(SAMPLES / "m29_keras", copy)
    assert scopeview("diff", SAMPLES / "m29_keras", copy).code == 0
    shard = copy / "variables" / "variables.data-00000-of-00001"
    raw = bytearray(shard.read_bytes())
    raw[1] ^= 0x40
    shard.write_bytes(bytes(raw))

    ran = scopeview("diff", SAMPLES / "m29_keras", copy, "--values")

    assert ran.code == 1
    assert "1 with other values" in ran.out
    own = scopeview("diff", copy, copy / "variables" / "variables", "--json")
    assert json.loads(own.out)["summary"]["same"] == 4


def test_maps_are_python(scopeview: Run) -> None:
    mapping = eval(scopeview("diff", ORIGINAL, RENAMED, "--format", "map").out)
    assert mapping["layer1/weights"] == "model/layer1/kernel"

    code = scopeview("diff", ORIGINAL, RENAMED, "--format", "saver").out
    compile(code, "saver", "exec")
    assert "    'layer1/weights': variables['model/layer1/kernel']," in code

    assert json.loads(scopeview("diff", ORIGINAL, RENAMED, "--format", "regex").out) == [
        ["^", "model/"],
        ["(^|/)weights$", "\\1kernel"],
    ]


def test_markdown_for_a_pull_request(scopeview: Run) -> None:
    shown = scopeview("diff", ORIGINAL, RENAMED, "--format", "markdown").out.splitlines()

    assert shown[0].startswith("**`") and shown[0].endswith("6 renamed")
    assert shown[2].startswith("**Restore will fail: 6 keys")
    assert "| `(root)` | `model/` | 6 |" in shown
    assert "! model/layer{1..3}/kernel  3 variables renamed: was layer{1..3}/weights" in shown


def test_values_are_compared_when_asked_for(scopeview: Run) -> None:
    found = json.loads(scopeview("diff", BEFORE, AFTER, "--values", "--json", "--only", "changed").out)

    assert len(found["entries"]) == 16
    assert all(entry["values"]["changed"] > 0 for entry in found["entries"])


def test_a_namespace_is_kept_as_json_and_checked(scopeview: Run, tmp_path: Path) -> None:
    kept = tmp_path / "variables.json"
    kept.write_text(scopeview("inspect", ORIGINAL, "--json").out)

    same = scopeview("diff", kept, ORIGINAL)
    assert same.code == 0
    assert "6 same" in same.out
    assert scopeview("diff", kept, RENAMED, "--json").code == 1
    graph = tmp_path / "graph.json"
    graph.write_text(scopeview("inspect", RENAMED, "--json").out)
    found = json.loads(scopeview("diff", ORIGINAL, graph, "--json").out)
    assert found["restore"]["asked_by"] == "saver"
    assert len(found["restore"]["missing"]) == 6

    kept.write_text(kept.read_text().replace('"variables": [', '"variables": [3, '))
    broken = scopeview("diff", kept, ORIGINAL)
    assert (broken.code, "is no JSON of scopeview inspect --json" in broken.err) == (2, True)


def test_sides_are_chosen_where_a_path_holds_several(scopeview: Run, tmp_path: Path) -> None:
    for name in ("m32_before.ckpt", "m32_after.ckpt"):
        for suffix in (".index", ".data-00000-of-00001"):
            shutil.copy(SAMPLES / f"{name}{suffix}", tmp_path / f"{name}{suffix}")

    ran = scopeview("diff", tmp_path, tmp_path, "--artifact-a", "m32_before.ckpt", "--artifact-b", "m32_after.ckpt")

    assert ran.code == 1
    assert "16 with other values" in ran.out
    assert scopeview("diff", tmp_path, AFTER).code == 2
