"""Which artifact of a folder opens, and that all others are there to be asked for."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

import scopeview
from scopeview.errors import AmbiguousError, NotFoundError, ScopeviewError, UnknownFormatError
from scopeview.readers import find_artifacts, read_beside, with_values
from tests.messages import message
from tests.places import SAMPLES


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training run, written by TensorFlow: three checkpoints, graph.pbtxt, two event files."""
    import tensorflow as tf

    v1, folder = tf.compat.v1, tmp_path_factory.mktemp("run")
    with v1.Graph().as_default() as graph, v1.Session() as session:
        weight = v1.get_variable("model/layer/w", [3, 5], initializer=v1.ones_initializer(), use_resource=False)
        v1.reduce_sum(weight, name="loss")
        saver = v1.train.Saver()
        session.run(v1.global_variables_initializer())
        for step in (9, 10, 100):
            session.run(weight.assign_add(weight))
            saver.save(session, str(folder / "model.ckpt"), global_step=step)
        v1.train.write_graph(graph.as_graph_def(), str(folder), "graph.pbtxt")
        v1.summary.FileWriter(str(folder), graph).close()
    return folder


def copy(run: Path, to: Path, without: tuple[str, ...]) -> Path:
    shutil.copytree(run, to, ignore=lambda _, names: [n for n in names if any(part in n for part in without)])
    return to


@pytest.mark.parametrize(
    ("without", "opens"),
    [
        ((), "model.ckpt-100.meta"),
        (("-100.meta",), "events.out"),
        ((".meta", "tfevents"), "graph.pbtxt"),
        (("checkpoint",), "model.ckpt-100.meta"),
        (("checkpoint", ".meta", "tfevents"), "graph.pbtxt"),
        ((".meta", "tfevents", "pbtxt"), "model.ckpt-100"),
    ],
)
def test_the_folder_of_a_run_opens_at_its_graph_with_its_newest_checkpoint(
    without: tuple[str, ...], opens: str, run: Path, tmp_path: Path
) -> None:
    folder = copy(run, tmp_path / "copy", without)

    model = scopeview.load(folder)

    assert model.origin.artifact.startswith(opens)
    joined, values = with_values(model)
    (weight,) = (variable for variable in joined.variables if variable.name == "model/layer/w")
    assert {float(one) for block in values.blocks(weight) for one in block} == {8.0}  # 1, doubled before each save
    for other in find_artifacts(folder):
        assert scopeview.load(folder, artifact=other.name).origin.artifact == other.name


def test_the_newest_without_a_state_file_has_the_highest_step(run: Path, tmp_path: Path) -> None:
    folder = copy(run, tmp_path / "copy", ("checkpoint", "-100"))

    assert scopeview.load(folder).origin.checkpoint.endswith("model.ckpt-10.index")


def test_a_meta_has_the_values_of_the_checkpoint_beside_it(run: Path) -> None:
    model = scopeview.load(run / "model.ckpt-9.meta")

    beside = read_beside(model)

    assert beside is not None
    assert beside.origin.file.endswith("model.ckpt-9.index")
    assert not scopeview.lint(model, beside).has_errors


def test_a_graph_of_another_model_takes_no_values(run: Path, tmp_path: Path) -> None:
    folder = copy(run, tmp_path / "copy", (".meta", "tfevents", "pbtxt"))
    shutil.copy(SAMPLES / "m17_gan.meta", folder / "gan.meta")
    graph = message("GraphDef")()
    graph.node.add(name="other", op="VariableV2")
    (folder / "other.pb").write_bytes(graph.SerializeToString())

    assert read_beside(scopeview.load(folder, artifact="gan.meta")) is None
    assert read_beside(scopeview.load(folder, artifact="other.pb")) is None


def test_checkpoints_of_different_names_must_be_chosen_between(run: Path, tmp_path: Path) -> None:
    folder = copy(run, tmp_path / "copy", ("checkpoint", ".meta", "tfevents", "pbtxt"))
    for part in (".index", ".data-00000-of-00001"):
        shutil.copy(SAMPLES / f"m33_original.ckpt{part}", folder)

    with pytest.raises(AmbiguousError) as caught:
        scopeview.load(folder)

    assert set(caught.value.choices) == {"m33_original.ckpt", *(f"model.ckpt-{step}" for step in (9, 10, 100))}


def test_a_saved_model_opens_before_what_lies_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SAMPLES / "m29_module", folder)
    shutil.copy(folder / "saved_model.pb", folder / "aaa.pb")
    shutil.copy(SAMPLES / "m30_frozen_ref.pb", folder)
    (folder / "tfhub_module.pb").write_bytes(b"\x08\x03")

    model = scopeview.load(folder)

    assert model.origin.artifact == "saved_model.pb"
    assert {(other.name, other.kind) for other in model.also_here} == {
        ("aaa.pb", "SavedModel"),
        ("m30_frozen_ref.pb", "graph"),
        ("variables", "checkpoint"),
    }
    assert all(other.size_bytes > 0 for other in model.also_here)
    with pytest.raises(ScopeviewError, match=r"the tfhub_module\.pb of a TF Hub module: then pass the folder"):
        scopeview.load(folder / "tfhub_module.pb")


def test_the_metagraph_without_tags_opens_and_the_others_are_named(tmp_path: Path) -> None:
    saved = message("SavedModel")(saved_model_schema_version=1)
    for tags, name in ((["train"], "a"), ([], "b"), (["gpu", "serve"], "c")):
        meta = saved.meta_graphs.add()
        meta.meta_info_def.tags.extend(tags)
        meta.graph_def.node.add(name=name, op="NoOp")
    path = tmp_path / "saved_model.pb"
    path.write_bytes(saved.SerializeToString())

    model = scopeview.load(tmp_path)

    assert (list(model.graph.names), model.origin.tags) == (["b"], ())
    assert any("--tags train, --tags gpu,serve" in note for note in model.notes)
    assert list(scopeview.load(path, tags=["serve", "gpu"]).graph.names) == ["c"]


def test_a_saved_model_without_its_values_says_so(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "m29_module", tmp_path / "model", ignore=lambda *_: ["variables"])

    model = scopeview.load(tmp_path / "model")

    assert any("the folder variables/ is not beside saved_model.pb" in note for note in model.notes)
    assert [finding.code for finding in scopeview.lint(model).findings if finding.severity == "error"] == ["C5"]
    with pytest.raises(ScopeviewError, match="variables/ is not beside"):
        with_values(model)


def test_event_files_of_one_folder_compete_and_runs_are_chosen_between(tmp_path: Path) -> None:
    source = SAMPLES / "m29_logdir"
    for name in ("a", "b"):
        shutil.copy(source / "v2/events.out.tfevents.sample", tmp_path / f"events.out.tfevents.{name}")
    shutil.copy(source / "v1/events.out.tfevents.sample", tmp_path / "events.out.tfevents.0")

    assert scopeview.load(tmp_path).origin.artifact == "events.out.tfevents.0:meta_graph"


@pytest.mark.parametrize("named", ["/", "..", ".", "", "//", "a/..", "a\\000b", "x" * 5000, "../.."])
def test_a_state_file_that_names_no_file_is_refused(named: str, tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{named}"\nall_model_checkpoint_paths: "{named}"\n')

    with pytest.raises(UnknownFormatError, match="has a state file that names"):
        scopeview.load(tmp_path)
    with pytest.raises(ScopeviewError) as caught:
        scopeview.load(tmp_path / "checkpoint")
    assert "\n" not in str(caught.value)


def test_a_packed_json_of_an_inspection_is_read(tmp_path: Path) -> None:
    inspected = scopeview.to_json(scopeview.inspect(scopeview.load(SAMPLES / "m17_gan.meta")))
    path = tmp_path / "names.json.gz"
    path.write_bytes(gzip.compress(inspected.encode()))

    assert len(scopeview.load(path).variables) == len(json.loads(inspected)["variables"])


def test_an_artifact_says_what_it_can_do(run: Path) -> None:
    found = {artifact.name: artifact for artifact in find_artifacts(run)}

    assert (found["model.ckpt-100"].has_graph, found["model.ckpt-100"].has_values) == (False, True)
    assert (found["graph.pbtxt"].has_graph, found["graph.pbtxt"].has_values) == (True, False)
    with pytest.raises(NotFoundError, match="holds no artifact called 'graph'"):
        scopeview.load(run, artifact="graph")
