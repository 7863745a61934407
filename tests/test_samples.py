"""Every sample shows what its manifest says, and equals what TensorFlow says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.auxiliary import AuxiliaryVariable
from scopeview.analysis.derive.call_sites import CallSite
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from scopeview.model.model import Model
from scopeview.model.scopes import ScopeId
from scopeview.render.formats import initializer_text, shape_text
from tests.compare import assert_equals_tensorflow
from tests.oracle import Oracle
from tests.places import SAMPLES, readable_by_tensorflow, samples

ROWS = samples()
IDS = [row["path"] for row in ROWS]


def load(row: dict[str, Any]) -> Model:
    return scopeview.load(SAMPLES / row["path"], tags=row.get("tags"), artifact=row.get("artifact"))


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_sample_shows_what_its_manifest_says(row: dict[str, Any]) -> None:
    model = load(row)

    assert model.origin.format == row["format"]
    assert [_line(variable) for variable in model.variables] == row["variables"]
    scopes = {model.op_scopes.path(ScopeId(scope)) for scope in range(1, len(model.op_scopes))}
    assert scopes >= set(row.get("op_scopes", ()))
    assert set(model.graph.names) >= set(row.get("ops", ()))
    by_name = {variable.name: variable for variable in model.variables}
    for name, keys in row.get("keys", {}).items():
        assert sorted(by_name[name].checkpoint_keys) == sorted(keys)
    for name, text in row.get("initializers", {}).items():
        assert initializer_text(by_name[name].initializer) == text
    assert [variable.name for variable in model.variables if variable.note] == row.get("notes_on", [])
    for name, members in row.get("collections", {}).items():
        collection = model.collection(name)
        assert collection is not None
        assert [f"{m.kind} {m.target}" if m.target else m.kind for m in collection.members] == members
    assert model.dangling == ()
    assert model.notes == ()


def _line(variable: Any) -> str:
    mark = {True: "T", False: "F", None: "?"}[variable.trainable]
    return f"{mark} {variable.name} {variable.dtype}{shape_text(variable.shape)}"


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_sample_is_shared_and_judged_as_its_manifest_says(row: dict[str, Any]) -> None:
    """Call sites and findings of every mechanism, whole: what is not in the manifest must not be found either."""
    context = AnalysisContext(load(row))
    variables = context.model.variables if context.model.functions or len(context.model.graph) else ()
    owned = [variable for variable in variables if variable not in context.auxiliary_variables]

    sites = [f"{v.name}: {'; '.join(map(_site, context.call_sites(v))) or 'none'}" for v in owned]
    attached = {
        a.variable: f"{a.variable} -> {a.primary or 'optimizer'} ({a.kind} {a.rule})" for a in _described(context)
    }
    findings = [f"{f.code} {f.where}" for f in lint(Subject(context)).findings if f.code != "C3"]

    assert sites == row.get("call_sites", [])
    assert sorted(attached.values()) == row.get("attached", [])
    assert findings == row.get("findings", [])


def _described(context: AnalysisContext) -> list[AuxiliaryVariable]:
    return list(context.auxiliary_variables)


def _site(site: CallSite) -> str:
    program = f"{site.program}: " if site.program else ""
    return f"{site.relation} {program}{site.scope or '(root)'}{f' x{site.times}' if site.times > 1 else ''}"


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_sample_equals_tensorflow(row: dict[str, Any], oracle: Oracle) -> None:
    model = load(row)
    path = SAMPLES / row["path"]

    match row["format"]:
        case _ if "m29_logdir" in row["path"]:
            file = next(path.glob("**/*v1/*" if path.name == "m29_logdir" else "*"))
            truth = oracle.ask("events", file)
        case "graph_def":
            truth = oracle.ask("graph_def", path, text=model.origin.text)
        case "meta_graph":
            truth = oracle.ask("meta_graph", path, text=model.origin.text)
        case "saved_model":
            truth = oracle.ask("saved_model", path, tags=row.get("tags"))
        case _:
            truth = oracle.ask("checkpoint", readable_by_tensorflow(model.origin.file))
            entries = {v.checkpoint_keys[0]: [v.dtype, list(v.shape or ())] for v in model.variables}
            assert entries == truth["entries"]
            return
    if path.name == "v2":  # a graph of TF 2 is in RunMetadata, of which TensorFlow's reader knows nothing
        assert truth == {"refused": "no graph in it"}
        assert model.graph.type_counts()["_Arg"] == 3
        return
    assert "refused" not in truth
    assert_equals_tensorflow(model, truth, least_said=0.75)


@pytest.mark.parametrize("row", [row for row in ROWS if (SAMPLES / row["path"]).exists()], ids=lambda r: r["path"])
def test_sample_opens_as_its_kind_under_the_name_unknown(row: dict[str, Any], tmp_path: Path) -> None:
    source, unknown = SAMPLES / row["path"], tmp_path / "unknown"
    if source.is_dir():
        shutil.copytree(source, unknown)
    else:
        shutil.copy(source, unknown)

    model = scopeview.load(unknown, tags=row.get("tags"), artifact=row.get("artifact"))

    assert model.origin.format == row["format"]
    assert [_line(variable) for variable in model.variables] == row["variables"]


@pytest.mark.parametrize("name", ["m31_renaming_savers", "m33_renamed", "m24_moving_average", "m04_name_taken"])
def test_checkpoint_keys_are_those_that_a_restore_uses(name: str, oracle: Oracle) -> None:
    """Each key of a marked checkpoint has a value of its own: what arrives in a variable shows its keys."""
    model = scopeview.load(SAMPLES / f"{name}.meta")

    truth = oracle.ask("saver_keys", SAMPLES / f"{name}.meta")

    assert {v.name: sorted(v.checkpoint_keys) for v in model.variables} == truth


def test_variables_of_a_saved_model_are_joined_by_position_not_by_name(oracle: Oracle) -> None:
    model = scopeview.load(SAMPLES / "m29_module")

    loaded = oracle.ask("bound_values", SAMPLES / "m29_module")

    joined = {v.object_paths[0]: [list(v.shape or ()), v.trainable] for v in model.variables}
    assert joined == loaded
    assert {v.full_name for v in model.variables} == {"l0"}


def test_names_of_an_object_based_checkpoint_are_its_full_names(oracle: Oracle) -> None:
    model = scopeview.load(SAMPLES / "m32_object.ckpt")

    truth = oracle.ask("full_names", SAMPLES / "m32_object.ckpt")

    named = {v.checkpoint_keys[0]: v.name for v in model.variables if v.full_name}
    assert named == truth
    paths = {v.name: v.object_paths for v in model.variables}
    assert paths["odd"] == ("net/a/b.c",)


def test_samples_are_fresh(tmp_path: Path) -> None:
    """What `make samples` builds today has the names of what is committed."""
    import subprocess
    import sys

    from tests.places import ROOT

    command = [sys.executable, str(ROOT / "sample_graphs" / "build.py"), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]

    assert _tree(tmp_path) == _tree(SAMPLES), "run: make samples"
    for row in ROWS:
        committed, built = (
            load(row),
            scopeview.load(tmp_path / row["path"], tags=row.get("tags"), artifact=row.get("artifact")),
        )
        assert list(built.graph.names) == list(committed.graph.names), row["path"]
        assert built.variables.names == committed.variables.names, row["path"]


def _tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_broken_files_are_fresh(tmp_path: Path) -> None:
    from sample_graphs.build_broken import build
    from tests.places import BROKEN

    build(tmp_path)

    committed = {p for p in _tree(BROKEN) if p != "manifest.toml"}
    assert set(_tree(tmp_path)) == committed
    changed = [name for name in committed if (tmp_path / name).read_bytes() != (BROKEN / name).read_bytes()]
    assert changed == [], "run: make samples"
