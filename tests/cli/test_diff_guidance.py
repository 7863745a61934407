"""What a person decides of a diff: rules, pairs, proposals; and what is listed for them to decide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.running import Run

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
