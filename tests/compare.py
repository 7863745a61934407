"""Hold a Model against what TensorFlow says of the same artifact."""

from __future__ import annotations

from typing import Any

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.tensor_types import output_facts
from scopeview.model.model import Model
from scopeview.model.names import CONTROL, op_of_tensor
from scopeview.model.op_types import VARIABLE_TYPES
from scopeview.model.ops import MISSING


def assert_equals_tensorflow(model: Model, truth: dict[str, Any], *, least_said: float = 0.0) -> None:
    """Compare everything that TensorFlow could say; what it refused to import is compared as the message has it.

    `least_said` is the share of outputs whose dtype must be known: an answer that says nothing is wrong, too.
    """
    graph = model.graph
    assert sorted([graph.name(row), graph.op_type(row)] for row in graph) == truth["nodes"]
    assert {name: f.op_count for name, f in model.functions.items()} == truth["functions"]
    if "ops" in truth:
        assert _ops(model) == truth["ops"]
        assert _variable_ops(model) == truth["variable_ops"]
        assert _consumers(model) == truth["consumers"]
        _assert_accesses(model, truth["accesses"])
        _assert_outputs(model, truth["outputs"], least_said)
    if "collections" in truth:
        _assert_collections(model, truth)


def _ops(model: Model) -> dict[str, Any]:
    graph = model.graph
    found = {}
    for row in graph:
        edges = graph.inputs(row)
        assert all(edge.source != MISSING for edge in edges)
        data = [f"{graph.name(edge.source)}:{edge.port}" for edge in edges if edge.port != CONTROL]
        control = sorted({graph.name(edge.source) for edge in edges if edge.port == CONTROL})
        found[graph.name(row)] = [graph.op_type(row), data, control]
    return found


def _variable_ops(model: Model) -> dict[str, Any]:
    """Every variable op with dtype and shape, parts of partitioned variables one by one."""
    found: dict[str, Any] = {}
    for variable in model.variables:
        if variable.kind in ("ref", "resource"):
            found[str(variable.handle_op)] = [variable.dtype, _sizes(variable.shape)]
        found.update({part.name: [variable.dtype, list(part.shape)] for part in variable.parts})
    return found


def _sizes(shape: Any) -> Any:
    return None if shape is None else list(shape)


def _consumers(model: Model) -> dict[str, list[str]]:
    graph = model.graph
    return {
        graph.name(row): sorted({graph.name(e.target) for e in graph.consumers(row) if not e.is_control})
        for row in graph.rows_of_type(*VARIABLE_TYPES)
    }


def _assert_accesses(model: Model, truth: dict[str, list[str]]) -> None:
    """Readers and writers in the main graph are where TensorFlow's own consumers lead, however far."""
    context = AnalysisContext(model)
    for variable in model.variables:
        if variable.kind not in ("ref", "resource", "partitioned"):
            continue
        both = context.accesses(variable)
        found = {access.op for access in (*both.readers, *both.writers) if not access.function}
        expected = {op for handle in variable.handles for op in truth[handle]}
        certain = {op for op in expected if not op.startswith("?")}
        assert certain <= found <= {op.removeprefix("?") for op in expected}, variable.name


def _assert_outputs(model: Model, truth: dict[str, Any], least_said: float) -> None:
    """What is said of dtypes and shapes of outputs is what TensorFlow infers, and of most something is said."""
    outputs = said = 0
    for row in model.graph:
        for port, (dtype, sizes) in enumerate(truth[model.graph.name(row)]):
            context = output_facts(model, "", row, port)
            where = f"{model.graph.op_type(row)} {model.graph.name(row)}:{port}"
            assert context.dtype is None or context.dtype == dtype, where
            outputs, said = outputs + 1, said + (context.dtype is not None)
            if context.shape_known and context.shape is not None and sizes is not None:
                assert len(context.shape) == len(sizes), where
                pairs = zip(context.shape, sizes, strict=True)
                assert all(mine is None or mine == other for mine, other in pairs), where
    assert said >= least_said * outputs, f"dtypes of {said} of {outputs} outputs are known"


def _assert_collections(model: Model, truth: dict[str, Any]) -> None:
    variables = _variable_ops(model)
    assert {name: variables[name] for name in truth["variables"]} == truth["variables"]
    assert sorted(_trainable(model)) == sorted(set(truth["trainable"]))
    trainable = model.collection("trainable_variables")
    is_listed = trainable is not None and trainable.kind == "variables"
    for variable in model.variables:
        if variable.handle_op in truth["variables"]:  # TensorFlow has rebuilt it, so it knows
            listed = variable.handle_op in truth["trainable"]
            flag = truth["flags"][variable.handle_op]
            assert variable.trainable is (listed if is_listed else flag), variable.name
    for collection in model.collections:
        members = truth["collections"].get(collection.name, [])
        if collection.kind == "variables" and collection.name not in truth["readable"]:
            assert collection.size == len(members), collection.name
        elif collection.kind in ("nodes", "variables"):
            present = [member.text for member in collection.members if member.kind != "missing"]
            assert present == members, collection.name
        elif collection.kind in ("integers", "bytes"):
            assert [member.text for member in collection.members] == members, collection.name
        else:
            is_refused = collection.name not in truth["collections"]  # TensorFlow could rebuild no member of it
            assert collection.size == len(members) or is_refused, collection.name
    assert truth["collections"].keys() <= {collection.name for collection in model.collections}


def _trainable(model: Model) -> set[str]:
    """What the collection lists, parts one by one; a variable of which it lists some parts is of unknown kind."""
    found = model.collection("trainable_variables")
    listed = {op_of_tensor(member.text) for member in found.members} if found is not None else set()
    names: set[str] = set()
    for variable in model.variables:
        if "trainable_variables" in variable.collections:
            parts = {part.name for part in variable.parts} or {variable.handle_op or ""}
            names |= parts & listed
            assert variable.trainable is (True if parts <= listed else None)
    return names
