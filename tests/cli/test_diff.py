from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
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
    assert back[0].rstrip().endswith("MetaGraphDef, 6 variables")
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


def test_repeated_layers_under_other_names_are_all_matched(scopeview: Run) -> None:
    ran = scopeview("diff", SAMPLES / "m38_original.ckpt", SAMPLES / "m38_renamed.meta", "--json")

    words = {"q": "query", "k": "key", "v": "value"}
    truth = {
        f"layer_{i}/{old}/{leaf}": f"block{i}/{new}/{leaf}"
        for i in range(3)
        for old, new in words.items()
        for leaf in ("kernel", "bias")
    }
    answer = json.loads(ran.out)
    assert {entry["a"]: entry["b"] for entry in answer["entries"]} == truth
    assert answer["open_groups"] == []


# What a person decides: rules, pairs, proposals; and what is listed for them to decide.

OLD: Mapping[str, list[int]] = {
    **{f"net/layer_{i}/{part}/kernel": [8, 8] for i in range(3) for part in ("red", "blue")},
    "net/out/kernel": [8, 3],
}
NEW: Mapping[str, list[int]] = {
    **{f"net/layer_{i}/{part}/kernel": [8, 8] for i in range(3) for part in ("ka", "mo")},
    "net/scores/kernel": [8, 3],
}


def inspection(path: Path, shapes: Mapping[str, list[int]]) -> Path:
    """Write a namespace as `inspect --json` does."""
    fields = {"kind": "checkpoint", "dtype": "float32", "trainable": None, "stored": None}
    rows = [{"name": name, "shape": shape, "checkpoint_keys": [name], **fields} for name, shape in shapes.items()]
    model = {"path": path.name, "format": "checkpoint_v2"}
    path.write_text(json.dumps({"model": model, "variables": rows, "collections": []}))
    return path


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    return inspection(tmp_path / "old.json", OLD), inspection(tmp_path / "new.json", NEW)


def paired(ran_out: str) -> dict[str, str]:
    return {e["a"]: e["b"] for e in json.loads(ran_out)["entries"] if e["a"] and e["b"]}


def test_open_groups_are_listed_together_with_who_decides(
    scopeview: Run, sides: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = scopeview("diff", *sides)
    groups = json.loads(scopeview("diff", *sides, "--json").out)["open_groups"]

    shown = ran.out.splitlines()
    start = shown.index("open: 6 variables with several counterparts that fit equally well")
    assert shown[start + 1].split("  may be  ") == [
        "  ? net/layer_{0..2}/{red,blue}/kernel",
        "net/layer_{0..2}/{ka,mo}/kernel",
    ]
    assert shown[start + 2] == "  --rule OLD=NEW or --map FILE decides them"
    assert max(map(len, shown[:start])) <= 80
    assert [(len(group["a"]), len(group["b"])) for group in groups] == [(2, 2)] * 3
    assert "Several counterparts fit equally well:" in scopeview("diff", *sides, "--format", "markdown").out


def test_a_rule_decides_what_is_open_and_is_shown_as_evidence(scopeview: Run, sides: tuple[Path, Path]) -> None:
    ran = scopeview("diff", *sides, "--rule", "red=mo", "--rule", "blue=ka", "--json")
    templates = scopeview("diff", *sides, "--rule", "layer_{i}/red=layer_{i}/mo", "--rule", "blue=ka", "--json")

    truth = {
        f"net/layer_{i}/{old}/kernel": f"net/layer_{i}/{new}/kernel"
        for i in range(3)
        for old, new in (("red", "mo"), ("blue", "ka"))
    }
    assert paired(ran.out) == paired(templates.out) == truth
    assert {e["evidence"] for e in json.loads(ran.out)["entries"] if e["b"] and e["a"]} == {"rule"}


def test_a_map_is_taken_as_it_is(scopeview: Run, sides: tuple[Path, Path], tmp_path: Path) -> None:
    given = {"net/out/kernel": "net/scores/kernel", "net/layer_0/red/kernel": "net/layer_0/ka/kernel"}
    plain, printed = tmp_path / "map.json", tmp_path / "printed.json"
    plain.write_text(json.dumps(given))

    first = scopeview("diff", *sides, "--map", plain, "--json")
    printed.write_text(first.out)
    again = scopeview("diff", *sides, "--map", printed, "--json")

    assert paired(first.out).items() >= given.items()
    assert paired(again.out) == paired(first.out)
    assert {e["evidence"] for e in json.loads(first.out)["entries"] if e["a"] in given} == {"given"}


def test_a_proposal_is_taken_when_a_person_says_so(scopeview: Run, sides: tuple[Path, Path]) -> None:
    before = json.loads(scopeview("diff", *sides, "--json").out)["entries"]
    after = scopeview("diff", *sides, "--accept", "proposed", "--json")

    proposed = {e["a"]: e["proposal"] for e in before if e["a"] and e["proposal"]}
    assert proposed == {"net/out/kernel": "net/scores/kernel"}
    assert paired(after.out) == proposed
    assert (
        "'net/out/kernel': variables['net/scores/kernel']"
        in scopeview("diff", *sides, "--accept", "proposed", "--format", "saver").out
    )


def test_bad_guidance_is_one_sentence(scopeview: Run, sides: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "text.json").write_text("not json")
    bad = {
        ("--rule", "red"): "not a rule: 'red'; a rule is written like 'layer_{i}=block{i}' or 'q=query'",
        ("--rule", "red=mo_{i}"): "not a rule: 'red=mo_{i}'",
        ("--map", str(tmp_path / "list.json")): "must be an object of names, or the output of 'diff --format json'",
        ("--map", str(tmp_path / "text.json")): "text.json cannot be read",
        ("--map", str(tmp_path / "absent.json")): "absent.json cannot be read",
        ("--accept", "all"): "'all' is not 'proposed'",
    }
    for options, sentence in bad.items():
        ran = scopeview("diff", *sides, *options)
        assert (ran.code, sentence in ran.err, "Traceback" in ran.err) == (2, True, False), ran.err


def test_renames_of_many_layers_are_a_line_for_each_template(scopeview: Run, tmp_path: Path) -> None:
    parts = ("attn.query", "attn.key", "mlp.up")
    old = {f"model.layers.{i}.{part}.weight": [8, 8 + n] for i in range(4) for n, part in enumerate(parts)}
    new = {f"net/h_{i}/{part.replace('.', '/')}/kernel": [8, 8 + n] for i in range(4) for n, part in enumerate(parts)}
    sides = inspection(tmp_path / "old.json", old), inspection(tmp_path / "new.json", new)

    shown = scopeview("diff", *sides).out

    assert shown.count("  > ") == 3
    assert "> net/h_{0..3}/attn/key/kernel" in shown


def test_a_side_that_is_quantized_is_one_sentence(scopeview: Run, tmp_path: Path) -> None:
    plain = {f"net/conv_{i}/kernel": [3, 3, 4, 4 + i] for i in range(4)}
    ranges: Mapping[str, list[int]] = {
        f"net/conv_{i}/{part}_quant/{end}": []
        for i in range(4)
        for part in ("act", "weights")
        for end in ("min", "max")
    }
    sides = inspection(tmp_path / "plain.json", plain), inspection(tmp_path / "quantized.json", {**plain, **ranges})

    shown = scopeview("diff", *sides).out

    assert "the new one is quantized (16 variables of ranges, net/conv_{0..3}/" in shown
    assert "the old one is not" in shown
    assert "  + " not in shown
    assert json.loads(scopeview("diff", *sides, "--json").out)["quantizers"] == [0, 16]


def test_no_restore_is_promised_or_denied_of_files_that_tensorflow_does_not_restore(
    scopeview: Run,
) -> None:
    graph = SAMPLES / "m17_gan.meta"
    weights = SAMPLES.parent / "weights"
    for name, kind in (("state.safetensors", "safetensors"), ("state.pt", "torch"), ("small.tflite", "tflite")):
        for sides in ((weights / name, graph), (graph, weights / name)):
            ran = scopeview("diff", *sides)
            assert f"TensorFlow restores no {kind} file" in ran.out
            assert "will fail" not in ran.out.lower()
            assert f"TensorFlow restores no {kind} file" in scopeview("diff", *sides, "--format", "markdown").out
            report = json.loads(scopeview("diff", *sides, "--json").out)
            assert (report["restore"], report["restores_from"]) == (None, "ab"[sides[0] == graph])
        linted = json.loads(scopeview("lint", graph, weights / name, "--json").out)
        assert linted["verdict"] is None
        assert {"GC1", "GC2", "GC3", "GC4"} <= set(linted["rules_skipped"])
