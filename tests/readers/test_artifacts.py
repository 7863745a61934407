from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

import scopeview
from scopeview.errors import AmbiguousError, DamagedError, NotFoundError, UnknownFormatError
from scopeview.readers import find_artifacts
from tests.places import SAMPLES


def test_a_prefix_offers_the_checkpoint_and_the_metagraph_beside_it() -> None:
    found = find_artifacts(SAMPLES / "m28_partitioned.ckpt")
    assert [(a.name, a.file.name) for a in found] == [("checkpoint", "m28_partitioned.ckpt.index")]

    model = scopeview.load(SAMPLES / "m28_partitioned.ckpt.data-00000-of-00001")
    assert model.origin.format == "checkpoint_v2"


def training_folder(folder: Path) -> Path:
    """A folder as a training run leaves it: state file, two checkpoints, MetaGraphs, events."""
    for name in ("m33_original", "m28_partitioned"):
        for part in (".ckpt.index", ".ckpt.data-00000-of-00001"):
            shutil.copy(SAMPLES / f"{name}{part}", folder)
    shutil.copy(SAMPLES / "m28_partitioned.meta", folder / "m28_partitioned.ckpt.meta")
    (folder / "checkpoint").write_text('model_checkpoint_path: "m28_partitioned.ckpt"\n')
    (folder / "eval").mkdir()
    shutil.copy(SAMPLES / "m29_logdir/v1/events.out.tfevents.sample", folder / "eval")
    return folder


def test_a_folder_offers_all_and_opens_the_graph_of_the_latest_checkpoint(tmp_path: Path) -> None:
    model = scopeview.load(training_folder(tmp_path))

    assert (model.origin.format, model.origin.artifact) == ("meta_graph", "m28_partitioned.ckpt.meta")
    assert Path(model.origin.checkpoint).name == "m28_partitioned.ckpt.index"
    assert model.others == (
        "m28_partitioned.ckpt",
        "m33_original.ckpt",
        "eval/events.out.tfevents.sample:meta_graph",
        "eval/events.out.tfevents.sample:graph",
    )
    for name in model.others:
        assert scopeview.load(tmp_path, artifact=name).origin.artifact == name


def test_the_prefix_in_a_training_folder_offers_its_metagraph(tmp_path: Path) -> None:
    model = scopeview.load(training_folder(tmp_path) / "m28_partitioned.ckpt")

    assert (model.origin.artifact, model.others) == ("checkpoint", ("meta_graph",))


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"holds no artifact called 'x'; it holds: .*m33_original\.ckpt"):
        scopeview.load(training_folder(tmp_path), artifact="x")
    with pytest.raises(NotFoundError, match="which opens without --artifact"):
        scopeview.load(SAMPLES / "m05_reuse.meta", artifact="x")


def test_several_runs_must_be_chosen_between() -> None:
    with pytest.raises(AmbiguousError) as caught:
        scopeview.load(SAMPLES / "m29_logdir")

    assert caught.value.choices == (
        "v1/events.out.tfevents.sample:meta_graph",
        "v2/events.out.tfevents.sample:call/function_0",
    )


def test_tags_choose_a_metagraph_and_wrong_ones_are_answered_with_those_there_are() -> None:
    path = SAMPLES / "m29_two_tag_sets"

    train, serve = (scopeview.load(path, tags=[tag]) for tag in ("train", "serve"))

    assert len(train.graph) > len(serve.graph)
    assert train.origin.tags == ("train",)
    with pytest.raises(AmbiguousError, match="choose one: --tags train or --tags serve"):
        scopeview.load(path)
    with pytest.raises(NotFoundError, match="has no MetaGraph with the tags gpu,serve; it has: train; serve"):
        scopeview.load(path, tags=["serve", "gpu"])


@pytest.mark.parametrize("name", ["m01_scope_prefixes.meta", "m02_nested_scopes.pbtxt", "m12_name_scope_mistake.pb"])
def test_a_gzip_file_is_looked_into(name: str, tmp_path: Path) -> None:
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress((SAMPLES / name).read_bytes()))

    assert list(scopeview.load(packed).graph.names) == list(scopeview.load(SAMPLES / name).graph.names)


def test_a_gzip_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress((SAMPLES / "m17_gan.meta").read_bytes())[:-200])

    with pytest.raises(DamagedError, match="cannot be unpacked"):
        scopeview.load(packed)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="neither as a file nor as the prefix"):
        scopeview.load(tmp_path / "nothing")
    with pytest.raises(NotFoundError, match="neither as a file"):
        scopeview.load(tmp_path / "no" / "folder" / "nothing")
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "gone"')
    with pytest.raises(NotFoundError, match="which is not there"):
        scopeview.load(tmp_path / "checkpoint")


def test_a_state_file_opens_the_checkpoint_that_it_names(tmp_path: Path) -> None:
    training_folder(tmp_path)

    assert scopeview.load(tmp_path / "checkpoint").origin.file.endswith("m28_partitioned.ckpt.index")


def test_a_folder_above_savedmodels_says_where_they_are(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "m29_module", tmp_path / "export" / "0001")

    with pytest.raises(UnknownFormatError, match=r"below it are: export/0001, export/0001/variables/variables"):
        scopeview.load(tmp_path)


def test_a_chunked_savedmodel_alone_is_explained(tmp_path: Path) -> None:
    (tmp_path / "saved_model.cpb").write_bytes(b"x")

    with pytest.raises(UnknownFormatError, match="holds only a chunked SavedModel"):
        scopeview.load(tmp_path)


def test_an_index_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "m12_name_scope_mistake.pb", tmp_path / "model.index")

    with pytest.raises(UnknownFormatError, match="is not a checkpoint, although its name says so"):
        scopeview.load(tmp_path / "model")


def test_an_object_that_is_no_graph_is_refused() -> None:
    with pytest.raises(UnknownFormatError, match=r"takes a path or a tf\.Graph, not int"):
        scopeview.load(3)


def test_a_data_file_without_its_index_says_so(tmp_path: Path) -> None:
    lone = tmp_path / "m.ckpt.data-00000-of-00001"
    lone.write_bytes((SAMPLES / "m28_partitioned.ckpt.data-00000-of-00001").read_bytes())

    with pytest.raises(NotFoundError, match=r"is a data file of a checkpoint, and m\.ckpt\.index"):
        find_artifacts(lone)
