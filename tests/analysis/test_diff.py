"""What a diff says, whole, of samples and of real pairs; and what must hold of any."""

from __future__ import annotations

import math

import numpy as np
import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.report import DiffReport, diff
from scopeview.analysis.diff.variables import DiffEntry, Wanted
from scopeview.analysis.work import Reading
from scopeview.model.model import Model
from scopeview.model.variables import Part, StoredSlice, Variable
from scopeview.readers.checkpoint.values import ShardValues
from tests.graphs import checkpoint, checkpoint_of, model_from_text
from tests.oracle import Oracle
from tests.places import CORPUS, NO_CORPUS, SAMPLES, corpus


def sample(name: str) -> Model:
    return scopeview.load(SAMPLES / name)


def report(a: Model, b: Model, **options: object) -> DiffReport:
    return diff(AnalysisContext(a), AnalysisContext(b), **options).report  # type: ignore[arg-type]


def line(entry: DiffEntry) -> tuple[str, str | None, str | None]:
    return entry.status, entry.a, entry.b


def test_a_training_step_changes_values_and_nothing_else() -> None:
    found = report(sample("m32_before.ckpt"), sample("m32_after.ckpt"))

    changed = {entry.b for entry in found.entries if entry.status == "values"}
    of_discriminator = {e.b for e in found.entries if e.b is not None and e.b.startswith("discriminator/")}
    assert changed == of_discriminator | {"beta1_power", "beta1_power_1", "beta2_power", "beta2_power_1"}
    assert found.summary == {
        "same": 12,
        "values": 16,
        "shape": 0,
        "dtype": 0,
        "renamed": 0,
        "only_a": 0,
        "only_b": 0,
    }
    assert all(entry.evidence == "name; same checksum" for entry in found.entries if entry.status == "same")


def test_the_renamed_model_is_two_rules() -> None:
    found = report(sample("m33_original.ckpt"), sample("m33_renamed.meta"))

    assert [line(entry) for entry in found.entries] == [
        ("renamed", f"layer{i}/{old}", f"model/layer{i}/{new}")
        for i in (1, 2, 3)
        for old, new in (("biases", "biases"), ("weights", "kernel"))
    ]
    assert {entry.confidence for entry in found.entries} == {"high"}
    assert [(rule.from_, rule.to, rule.variables) for rule in found.rules] == [
        ("", "model/", 6),
        ("*/weights", "*/kernel", 3),
    ]
    assert found.assignment_map == {
        f"layer{i}/{old}": f"model/layer{i}/{new}"
        for i in (1, 2, 3)
        for old, new in (("biases", "biases"), ("weights", "kernel"))
    }
    assert (found.restores_from, found.restore is not None and len(found.restore.missing)) == ("a", 6)
    assert found.graph is None


def test_every_status() -> None:
    a = checkpoint({"same/w": [2], "other/w": [2, 3], "gone/x": [7], "l/old/q": [5, 5]})
    b = [
        Variable("same/w", "checkpoint", (2,), "float32", stored=StoredSlice(0, 0, 100, 0)),
        Variable("other/w", "checkpoint", (2, 4), "float32"),
        Variable("fresh/y", "checkpoint", (8,), "float32"),
        Variable("l/new/q", "checkpoint", (5, 5), "float32", stored=StoredSlice(0, 0, 100, 3)),
    ]

    found = report(a, checkpoint_of(b))

    assert [line(entry) for entry in found.entries] == [
        ("only_b", None, "fresh/y"),
        ("only_a", "gone/x", None),
        ("renamed", "l/old/q", "l/new/q"),
        ("shape", "other/w", "other/w"),
        ("same", "same/w", "same/w"),
    ]
    retyped = report(checkpoint({"w": [2]}), checkpoint_of([Variable("w", "checkpoint", (2,), "float64")]))
    assert [entry.status for entry in retyped.entries] == ["dtype"]


@pytest.mark.parametrize(
    "name", ["m32_after.ckpt", "m28_partitioned.ckpt", "m32_object.ckpt", "m32_v1.ckpt", "m17_gan.meta", "m29_keras"]
)
def test_nothing_differs_from_itself(name: str) -> None:
    found = report(sample(name), sample(name))

    assert not found.differs()
    assert {entry.status for entry in found.entries} == {"same"}
    assert all(entry.a == entry.b for entry in found.entries)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("m33_original.ckpt", "m33_renamed.meta"),
        ("m32_before.ckpt", "m32_after.ckpt"),
        ("m07_layers.meta", "m33_renamed.meta"),
        ("m17_gan.meta", "m24_adam.meta"),
        ("m32_object.ckpt", "m33_original.ckpt"),
    ],
)
def test_the_other_way_round_is_the_mirror_image(a: str, b: str) -> None:
    forth, back = report(sample(a), sample(b)), report(sample(b), sample(a))
    swapped = {"only_a": "only_b", "only_b": "only_a"}

    assert {line(entry) for entry in forth.entries} == {
        (swapped.get(entry.status, entry.status), entry.b, entry.a) for entry in back.entries
    }


def test_entries_can_be_chosen_and_are_counted_before_statuses_are_left_out() -> None:
    a, b = sample("m32_before.ckpt"), sample("m32_after.ckpt")

    within = report(a, b, wanted=Wanted(scope="generator"))
    without_slots = report(a, b, wanted=Wanted(ignore=["slots"], only=["values"]))
    without_names = report(a, b, wanted=Wanted(ignore=["beta*", "discriminator/*"]))

    assert within.summary["same"] == 12 == sum(within.summary.values())
    assert {entry.b for entry in without_slots.entries} == {
        f"discriminator/{layer}/{leaf}" for layer in ("hidden", "logits") for leaf in ("biases", "weights")
    }
    assert without_slots.summary["same"] == 4
    assert not without_names.differs()


def test_partitions_that_differ_in_number_are_not_compared_by_checksum() -> None:
    whole = Variable("p/w", "checkpoint", (4, 2), "float32", stored=StoredSlice(0, 0, 32, 1))
    parts = tuple(Part(f"p/w/part_{i}", (2 * i, 0), (2, 2), StoredSlice(0, 16 * i, 16, 9)) for i in range(2))
    split = Variable("p/w", "partitioned", (4, 2), "float32", parts=parts)

    (entry,) = report(checkpoint_of([whole]), checkpoint_of([split])).entries

    assert (entry.status, entry.values_differ) == ("same", None)


def test_object_paths_that_shift_while_names_stay_are_reported() -> None:
    def layers(*names: str) -> Model:
        return checkpoint_of(
            [
                Variable(
                    name,
                    "checkpoint",
                    (2, 2),
                    "float32",
                    full_name=name,
                    checkpoint_keys=(f"layer_with_weights-{i}/kernel/.ATTRIBUTES/VARIABLE_VALUE",),
                )
                for i, name in enumerate(names)
            ],
            format="checkpoint_object",
        )

    found = report(layers("a/k", "b/k"), layers("new/k", "a/k", "b/k"))

    assert [line(entry) for entry in found.entries] == [
        ("same", "a/k", "a/k"),
        ("same", "b/k", "b/k"),
        ("only_b", None, "new/k"),
    ]
    assert found.shifted == ("a/k", "b/k")


def test_membership_that_changed_is_reported() -> None:
    text = "w VariableV2 shape=2\nv VariableV2 shape=3"
    a = model_from_text(text, {"variables": ["w", "v"], "trainable_variables": ["w", "v"]})
    b = model_from_text(text, {"variables": ["w", "v"], "trainable_variables": ["w"], "FROZEN": ["v:0"]})

    found = {e.b: (e.collections_left, e.collections_joined) for e in report(a, b).entries}

    assert found == {"w": ((), ()), "v": (("trainable_variables",), ("FROZEN",))}
    assert (report(a, b).moved, report(a, b).differs(), report(a, b).differs(["collections"])) == (1, True, True)


def test_values_that_moved_to_another_name_are_reported() -> None:
    def layers(*checksums: int) -> Model:
        return checkpoint_of(
            [
                Variable(f"conv_{i}/q", "checkpoint", (5, 5), "float32", stored=StoredSlice(0, 0, 100, checksum))
                for i, checksum in enumerate(checksums)
            ]
        )

    found = report(layers(11, 12), layers(99, 11))

    assert [(e.b, e.status, e.values_of) for e in found.entries] == [
        ("conv_0/q", "values", ""),
        ("conv_1/q", "values", "conv_0/q"),
    ]

    moved = report(layers(11, 12, 13), layers(99, 11, 12, 13))

    assert [(e.a, e.b, e.status) for e in moved.entries] == [
        (None, "conv_0/q", "only_b"),
        ("conv_0/q", "conv_1/q", "renamed"),
        ("conv_1/q", "conv_2/q", "renamed"),
        ("conv_2/q", "conv_3/q", "renamed"),
    ]


def test_another_optimizer_is_named() -> None:
    a, b = checkpoint({"w": [2], "w/Adam": [2], "w/Adam_1": [2]}), checkpoint({"w": [2], "w/Momentum": [2]})

    found = report(a, b)

    assert found.optimizers == (("Adam",), ("Momentum",))
    assert {entry.status for entry in found.entries if entry.kind == "slot"} == {"only_a", "only_b"}


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
def test_a_real_pair_of_one_architecture_in_two_sizes() -> None:
    """The counts are those of the two indexes: 66 keys, of which 33 have other shapes and 13 equal checksums."""
    a, b = (
        scopeview.load(CORPUS / f"minitaur/minitaur_{kind}_env/model.ckpt-14000000")
        for kind in ("reactive", "trotting")
    )

    found = report(a, b)

    stored_b = {v.name: v for v in b.variables}
    reshaped = {v.name for v in a.variables if v.shape != stored_b[v.name].shape}
    equal = {
        v.name
        for v in a.variables
        if v.stored is not None
        and v.name not in reshaped
        and v.stored.checksum == getattr(stored_b[v.name].stored, "checksum", None)
    }
    assert {entry.b for entry in found.entries if entry.status == "shape"} == reshaped
    assert {entry.b for entry in found.entries if entry.status == "same"} == equal
    assert found.summary == {
        "same": 13,
        "values": 20,
        "shape": 33,
        "dtype": 0,
        "renamed": 0,
        "only_a": 0,
        "only_b": 0,
    }


def test_values_are_those_that_numpy_finds(oracle: Oracle) -> None:
    before, after = sample("m32_before.ckpt"), sample("m32_after.ckpt")
    values = ShardValues(before), ShardValues(after)
    truth = [oracle.ask("values", SAMPLES / name)["values"] for name in ("m32_before.ckpt", "m32_after.ckpt")]
    read: list[int] = []

    found = report(before, after, values=values, reading=Reading(on_read=read.append))

    assert sum(read) == sum(v.size_bytes or 0 for v in before.variables)
    for entry in found.entries:
        a, b = (np.array(side[entry.b or ""]) for side in truth)
        change = entry.values
        assert change is not None
        assert change.elements == a.size
        assert change.changed == int((a != b).sum())
        assert math.isclose(change.max_abs, float(np.abs(a - b).max()), rel_tol=1e-9, abs_tol=1e-12)
        norm = float(np.linalg.norm(a))
        if norm:
            assert math.isclose(change.relative_l2, float(np.linalg.norm(a - b)) / norm, rel_tol=1e-9, abs_tol=1e-12)
        assert entry.values_differ is bool(change.changed)
