"""Real artifacts that nobody here wrote: all open or are refused with a reason, and equal what TensorFlow says."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.analysis.answers.inspect import inspect
from scopeview.analysis.answers.sharing import sharing
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from scopeview.model.model import Model
from scopeview.readers import Limits, limited, read_beside
from tests.compare import assert_equals_tensorflow
from tests.oracle import Oracle
from tests.places import CORPUS, NO_CORPUS, corpus, readable_by_tensorflow, table_of

ROWS = corpus()
IDS = [row["id"] for row in ROWS]
pytestmark = pytest.mark.skipif(not ROWS, reason=NO_CORPUS)

FORMATS = {
    "graphdef_pb": "graph_def",
    "graphdef_pbtxt": "graph_def",
    "metagraph": "meta_graph",
    "savedmodel1": "saved_model",
    "savedmodel2": "saved_model",
    "ckpt_v1": "checkpoint_v1",
    "ckpt_v2": "checkpoint_v2",
    "ckpt_object": "checkpoint_object",
}

REFUSED = {
    # what the manifest lists as TensorFlow's, and is refused for a reason
    "mediapipe-tf/bundle/00000000/export.meta": "binary data that was once saved as text",
    "lingvo/ops/testdata/events.out.tfevents.test": "an event file without a graph",
    "unity-mousegame/summaries/mousegame/events.out.tfevents.1520939054.host": "an event file without a graph",
    "unity-mousegame/summaries/mousegame2/events.out.tfevents.1521021259.host": "an event file without a graph",
    "embed-v2/events.out.tfevents.1584802246.host": "an event file without a graph",
    "guild/filter-runs/2dc1529ba06c46fda486395a61475dbe/.guild/events.out.tfevents.1662041974.host": (
        "an event file without a graph"
    ),
}
TAGS = {"ngraph/python/sample_graph#savedmodel": ["serve"]}


def load(row: dict[str, str]) -> Model:
    """Open an artifact; its tests follow each other, so that one model is kept."""
    return _load(row["id"], row["entry"])


@lru_cache(maxsize=1)
def _load(name: str, entry: str) -> Model:
    """One packs 74 MB of text into 200 kB, which is trusted here and cut by default."""
    with limited(Limits(memory_bytes=4 << 30)):
        return scopeview.load(CORPUS / entry, tags=TAGS.get(name))


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_opens_or_is_refused_with_a_reason(row: dict[str, str], tmp_path: Path) -> None:
    if row["kind"] == "other" or row["id"] in REFUSED:
        with pytest.raises(scopeview.ScopeviewError) as caught:
            load(row)
        assert _reason(row) in str(caught.value)
        return

    model = load(row)

    if row["kind"] != "events":
        assert model.origin.format == FORMATS[row["kind"]]
    assert inspect(AnalysisContext(model)).model.ops == len(model.graph)
    assert _as_unknown(row, tmp_path).origin.format == model.origin.format


def _reason(row: dict[str, str]) -> str:
    """What a refusal must say, by what the file really is."""
    entry = row["entry"]
    if row["id"] in REFUSED:
        return REFUSED[row["id"]]
    if entry.endswith(".cpb"):
        return "is a chunked proto"
    if entry.endswith(".bytes.meta"):
        return "is a Unity asset description"
    if entry.endswith(".tar.gz"):
        return "is a tar archive"
    foreign_text = ("config.pbtxt", "split-tree.pbtxt", "many-field.pbtxt")
    return "as text its top-level fields are" if entry.endswith(foreign_text) else "is not a TensorFlow graph"


def _as_unknown(row: dict[str, str], folder: Path) -> Model:
    """Open the same content under a name that says nothing."""
    source, unknown = CORPUS / row["entry"], folder / "unknown"
    if row["kind"].startswith("ckpt"):
        source = table_of(source)
    if source.is_dir():
        unknown.symlink_to(source, target_is_directory=True)
    else:
        shutil.copy(source, unknown)
    return scopeview.load(unknown, tags=TAGS.get(row["id"]))


READABLE = [row for row in ROWS if row["kind"] != "other" and row["id"] not in REFUSED]

ERRORS = {
    # errors that lint finds, each looked at: indexes without their data, a graph whose variable nothing assigns, savers
    # that ask for more than the folder has, SavedModels that were copied without their variables
    "bleurt/test_checkpoint#savedmodel": ["C1"],
    "mlnet/mnist_model#savedmodel": ["C1"],
    "mlnet/sentiment_model#savedmodel": ["C1"],
    "sm-tfs/resources/mme/cifar/1540855709#savedmodel": ["C1"],
    "analytics-zoo/saved-model-not-resource#savedmodel": ["C1"],
    "tf-cc-savedmodels/bert1#savedmodel": ["C5"],
    "tf-cc-savedmodels/bert2#savedmodel": ["C5"],
    "rnn-attention/model.meta": ["C1"],
    "dcgan-infill/old_checkpoint/DCGAN.model-2.meta": ["C1"],
    "tf-cc-savedmodels/fuzz_generated/const_with_no_value#savedmodel": ["GC1"],
    "tf-cc-savedmodels/fuzz_generated/negative_shape#savedmodel": ["GC1"],
    "lingvo/testdata/lenet_test_model#ckpt": ["C1"],
    "deepconsensus/model/checkpoint-1#ckpt": ["C1"],
    "deepconsensus/model/checkpoint-2#ckpt": ["C1"],
    "rnn-attention/model#ckpt": ["C1"],
    "dcgan-infill/old_checkpoint/DCGAN.model-2#ckpt": ["C1"],
    "tf-ir-importexport/roundtrip/test13.pbtxt": ["G8"],
}


@pytest.mark.parametrize("row", READABLE, ids=lambda row: row["id"])
def test_is_judged_and_every_variable_is_read_or_says_why_not(row: dict[str, str]) -> None:
    context = AnalysisContext(load(row))
    beside = read_beside(context.model)
    subject = Subject(context, AnalysisContext(beside) if beside is not None else None)

    errors = sorted({finding.code for finding in lint(subject, severity="error").findings})

    assert errors == ERRORS.get(row["id"], [])
    for use in sharing(context, minimum=0, attached=True).variables:
        assert bool(use.unread) is (use.uses == 0), use.name


@pytest.mark.parametrize("row", READABLE, ids=lambda row: row["id"])
def test_equals_tensorflow(row: dict[str, str], oracle: Oracle) -> None:
    model = load(row)

    if row["kind"].startswith("ckpt"):
        truth = oracle.ask("checkpoint", readable_by_tensorflow(model.origin.file))
        entries = {v.checkpoint_keys[0]: [v.dtype, list(v.shape or ())] for v in model.variables}
        assert entries == truth["entries"]
        return
    truth = _graph_truth(row, model.origin.text, oracle)
    if "nodes" not in truth:
        pytest.fail(f"TensorFlow cannot even parse it: {truth['refused']}")
    assert_equals_tensorflow(model, truth)


def _graph_truth(row: dict[str, str], text: bool, oracle: Oracle) -> dict[str, Any]:
    path = CORPUS / row["entry"]
    match row["kind"]:
        case "graphdef_pb" | "graphdef_pbtxt":
            return oracle.ask("graph_def", path, text=text)
        case "metagraph":
            return oracle.ask("meta_graph", path, text=text)
        case "events":
            return oracle.ask("events", path)
    return oracle.ask("saved_model", path, tags=TAGS.get(row["id"]))


def test_several_metagraphs_are_listed_before_one_is_chosen() -> None:
    with pytest.raises(scopeview.ScopeviewError, match="choose one: --tags train or --tags serve"):
        scopeview.load(CORPUS / "ngraph/python/sample_graph")


CALL_SITES = {
    # what the graphs say by their own edges: a discriminator with convolutions, transposed ones in the generator;
    # weight decay in every layer; a module applied twice; layers whose accuracy a summary shows; batch normalization
    ("dcgan-infill/old_checkpoint/DCGAN.model-2.meta", "discriminator/d_h0_conv/w"): [
        "discriminator/d_h0_conv",
        "discriminator_1/d_h0_conv",
    ],
    ("dcgan-infill/old_checkpoint/DCGAN.model-2.meta", "generator/g_h1/w"): ["generator/g_h1"],
    ("pixellink/graph.pbtxt", "conv1/conv1_1/weights"): ["clone_0/conv1/conv1_1"],
    ("scisharp-meta/InceptionV3.meta", "module/InceptionV3/Conv2d_1a_3x3/weights"): [
        "module/InceptionV3/InceptionV3/Conv2d_1a_3x3",
        "module_apply_default/InceptionV3/InceptionV3/Conv2d_1a_3x3",
    ],
    ("simple-tfs/tensorflow_template_application_model/1", "output/biases"): [
        "output",
        "output_1",
        "output_2",
        "output_3",
    ],
    ("simple-tfs/tensorflow_template_application_model/1", "output/weights"): [
        "output",
        "output_1",
        "output_2",
        "output_3",
    ],
    ("analytics-zoo/saved-model-resource", "batch_normalization_v1/moving_mean"): ["batch_normalization_v1/batchnorm"],
    ("mlnet/sentiment_model", "Prediction/kernel"): ["Prediction"],
}


@pytest.mark.parametrize(("where", "sites"), CALL_SITES.items(), ids=lambda value: value[1] if len(value) == 2 else "")
def test_call_sites_of_real_variables(where: tuple[str, str], sites: list[str]) -> None:
    context = AnalysisContext(scopeview.load(CORPUS / where[0]))
    (variable,) = context.model.variables.named(where[1])

    assert [site.scope for site in context.call_sites(variable)] == sites
