from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.readers.checkpoint.object_graph import parse_object_graph
from scopeview.readers.graph.objects import join_objects, object_paths
from tests.graphs import model_from_text
from tests.messages import message
from tests.oracle import Oracle
from tests.places import SAMPLES


def objects(*edges: tuple[int, str, int], count: int = 6) -> Any:
    """A SavedObjectGraph with named edges (parent, local name, child)."""
    graph = message("SavedObjectGraph")()
    for _ in range(count):
        graph.nodes.add()
    for parent, name, child in edges:
        graph.nodes[parent].children.add(local_name=name, node_id=child)
    return graph


def test_every_path_is_kept_and_the_users_own_come_first() -> None:
    graph = objects(
        (0, "layer_with_weights-0", 1),
        (0, "dense", 1),
        (1, "kernel", 2),
        (0, "variables", 3),
        (3, "0", 2),
        (0, "keras_api", 4),
        (4, "kernel", 2),
        (2, "self", 0),
    )

    paths = object_paths(graph.nodes)

    assert paths[1] == ("dense", "layer_with_weights-0")
    assert paths[2] == ("dense/kernel", "variables/0", "keras_api/kernel")
    assert paths[5] == ()


def test_children_that_do_not_exist_are_passed_over() -> None:
    assert object_paths(objects((0, "a", 99), (0, "b", -1), (0, "c", 1), count=2).nodes)[1] == ("c",)
    assert object_paths([]) == {}


def joined(keys: dict[str, str], graph: Any) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Variables `v0`, `v1`, ... saved under keys, joined to an object graph."""
    from dataclasses import replace

    from scopeview.model.variables import VariableTable

    model = model_from_text("\n".join(f"{name} VarHandleOp shape=2" for name in keys))
    saved = [replace(v, checkpoint_keys=(keys[v.name],)) for v in model.variables]
    table, _, _ = join_objects(VariableTable(saved), model.graph, graph)
    return [(v.name, v.kind, v.full_name, v.object_paths) for v in table]


def test_keys_of_the_saver_spell_the_way_to_an_object() -> None:
    graph = objects((0, "net", 1), (1, "a/b.c", 2), (0, "optimizer", 3), (0, "lost", 4), count=6)
    for node, name in ((2, "w"), (4, "unheld"), (5, "slot")):
        graph.nodes[node].variable.name = name
    graph.nodes[3].slot_variables.add(original_variable_node_id=2, slot_name="m", slot_variable_node_id=5)
    key = "net/a.Sb..c"

    found = joined(
        {
            "v0": f"{key}/.ATTRIBUTES/VARIABLE_VALUE",
            "v1": f"{key}/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE",
            "v2": f"{key}/.OPTIMIZER_SLOT/nothing/m/.ATTRIBUTES/VARIABLE_VALUE",
            "v3": f"{key}/.OPTIMIZER_SLOT/optimizer/v/.ATTRIBUTES/VARIABLE_VALUE",
            "v4": "net/gone/.ATTRIBUTES/VARIABLE_VALUE",
            "v5": "net/.ATTRIBUTES/OBJECT_CONFIG",
            "v6": "a plain key",
        },
        graph,
    )

    assert found == [
        ("unheld", "object", "unheld", ("lost",)),
        ("v0", "resource", "w", ("net/a/b.c",)),
        ("v1", "resource", "slot", ()),
        ("v2", "resource", "", ()),
        ("v3", "resource", "", ()),
        ("v4", "resource", "", ()),
        ("v5", "resource", "", ()),
        ("v6", "resource", "", ()),
    ]


def test_slots_of_a_saved_optimizer_are_joined() -> None:
    """The layers of the Keras sample are found through their keys, shared layers once."""
    model = scopeview.load(SAMPLES / "m29_keras")

    assert {v.name: (v.full_name, v.object_paths[0]) for v in model.variables} == {
        "head/bias": ("head/bias", "layer-2/bias"),
        "head/kernel": ("head/kernel", "layer-2/kernel"),
        "shared/bias": ("shared/bias", "layer-1/bias"),
        "shared/kernel": ("shared/kernel", "layer-1/kernel"),
    }


def test_an_object_graph_that_does_not_parse_is_none() -> None:
    assert parse_object_graph(b"\xff\xff") is None


def test_without_the_shard_the_keys_spell_the_paths(tmp_path: object) -> None:
    import shutil
    from pathlib import Path

    folder = Path(str(tmp_path))
    shutil.copy(SAMPLES / "m32_object.ckpt.index", folder)

    model = scopeview.load(folder / "m32_object.ckpt")

    assert {v.object_paths for v in model.variables if v.object_paths} == {
        ("net/a/b.c",),
        ("net/layers/0",),
        ("net/layers/1",),
        ("step",),
    }
    assert any("the object graph could not be read" in note for note in model.notes)


@pytest.mark.parametrize(("widths", "dropout"), [([6, 8, 3], False), ([5, 7, 4, 2], True)])
def test_the_variables_of_a_keras_3_export_are_those_of_the_model(
    widths: list[int], dropout: bool, oracle: Oracle, tmp_path: Path
) -> None:
    """Ten ops or more hold them; every variable is one, under its own name, and its keys hold its values."""
    truth = oracle.ask("keras3_export", tmp_path / "model", widths=widths, dropout=dropout)
    model = scopeview.load(tmp_path / "model")
    stored = oracle.ask("values", tmp_path / "model" / "variables" / "variables")["values"]

    assert {v.full_name: list(v.shape or ()) for v in model.variables} == {
        name: shape for name, (shape, _) in truth.items()
    }
    for variable in model.variables:
        for key in variable.checkpoint_keys:
            assert stored[key] == pytest.approx(truth[variable.full_name][1])
        assert variable.checkpoint_keys


def test_a_saved_model_without_its_values_says_so_and_tensorflow_cannot_load_it(oracle: Oracle, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "m29_keras", tmp_path / "model")
    assert scopeview.load(tmp_path / "model").damage == ()
    shutil.rmtree(tmp_path / "model" / "variables")

    model = scopeview.load(tmp_path / "model")

    assert [damage.where for damage in model.damage] == ["variables/"]
    assert any("variables/ is not beside" in note for note in model.notes)
    assert "refused" in oracle.ask("load_saved_model", tmp_path / "model")
