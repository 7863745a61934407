"""Every lint rule: a graph in which it finds, and one that looks alike and in which it must not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.errors import error_rules
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.rules import RULES
from scopeview.analysis.lint.run import lint
from scopeview.errors import QueryError
from scopeview.model.imported import ImportReport
from scopeview.model.model import Binding, Damage, Model, Origin
from scopeview.model.variables import StoredSlice, Variable
from scopeview.readers.graph.assemble import assemble
from scopeview.readers.graph.nodes import Span
from tests.graphs import checkpoint, checkpoint_of, model_from_text, plain_variable, ref_variable, saver
from tests.places import SAMPLES


def sample(name: str) -> Model:
    return scopeview.load(SAMPLES / name)


ADAM = """
    grad Const value=1
    train/update_w/ApplyAdam ApplyAdam w w/Adam w/Adam_1 grad
"""
TRAINED = ref_variable("w") + ref_variable("w/Adam") + ref_variable("w/Adam_1") + "y Neg w/read" + ADAM
STACK = (
    "x Placeholder\n" + ref_variable("a/w") + "a/y Mul x a/w/read\n" + ref_variable("a_1/w") + "a_1/y Mul {} a_1/w/read"
)
TWO_FC = ref_variable("s/fc/w") + "x Placeholder\ns/fc/y Mul x s/fc/w/read\ns/fc_1/y Mul {} s/fc/w/read\n"
ALIASES = "a VarHandleOp shape=2 shared_name={}\na/r ReadVariableOp a\nb VarHandleOp shape=2 shared_name={}"
ONE = ["w"]


def entry(name: str, shape: tuple[int, ...] = (2,), checksum: int = 7, **changes: object) -> Variable:
    stored = StoredSlice(0, 0, 100, checksum)
    made = Variable(name, "checkpoint", shape, "float32", checkpoint_keys=(name,), stored=stored)
    return replace(made, **changes)  # type: ignore[arg-type]


def objects(*variables: Variable, **changes: Any) -> Model:
    return checkpoint_of(variables, format="checkpoint_object", **changes)


@dataclass(frozen=True)
class Case:
    """A subject in which a rule finds something at these places, and one in which it finds nothing."""

    finds: Callable[[], Model | tuple[Model, Model]]
    where: list[str]
    passes: Callable[[], Model | tuple[Model, Model]]


def graph(text: str, **collections: list[str]) -> Callable[[], Model]:
    return lambda: model_from_text(text, collections or None)


def after_import(**report: Any) -> Model:
    return replace(model_from_text("a Placeholder"), imported=ImportReport(**report))


INITIALISED = ref_variable("w") + ref_variable("v") + "y Mul w/read v/read\n"
BROKEN_PARTS = Variable("p/w", "partitioned", (8, 2), "float32", parts=())
FITS = lambda: (model_from_text(ref_variable("w")), checkpoint({"w": [2]}))  # noqa: E731


def with_parts(*shapes: tuple[int, int]) -> Model:
    from scopeview.model.variables import Part

    parts = tuple(Part(f"p/w/part_{i}", (4 * i, 0), shape) for i, shape in enumerate(shapes))
    model = model_from_text("x NoOp")
    return replace(model, variables=checkpoint_of([replace(BROKEN_PARTS, parts=parts)]).variables)


def untyped() -> Model:
    raw = b"\x0a\x03\x0a\x01a"  # a node that has a name alone
    return assemble(raw, [Span(0, len(raw))], Origin("(bytes)", "graph_def"))


CASES: Mapping[str, Case] = {
    "G2": Case(graph(STACK.format("x")), ["a"], graph(STACK.format("a/y"))),
    "G3": Case(graph(TWO_FC.format("s/fc/y")), ["s/fc"], graph(TWO_FC.format("x"))),
    "G4": Case(
        graph(plain_variable("s/u") + "s/a Neg s/u/read\n" + plain_variable("s_1/u") + "s_1/a Neg s_1/u/read"),
        ["s_1"],
        graph(ref_variable("s/u") + "s/a Neg s/u/read\n" + ref_variable("s_1/u") + "s_1/a Neg s_1/u/read"),
    ),
    "G5": Case(
        graph(ref_variable("w") + ref_variable("w_1") + saver({"w": "w"})),
        ["w_1"],
        graph(ref_variable("w") + ref_variable("w_1") + saver({"w": "w", "w_1": "w_1"})),
    ),
    "G6": Case(
        graph("Name NoOp\n" + ref_variable("name_1")), ["name_1"], graph(ref_variable("dense_1/w") + "dense/w NoOp")
    ),
    "G7": Case(
        graph(ref_variable("w"), trainable_variables=ONE, variables=[]),
        ONE,
        graph(ref_variable("w"), trainable_variables=ONE, variables=ONE),
    ),
    "G8": Case(graph(INITIALISED + "init NoOp ^w/Assign"), ["v"], graph(INITIALISED + "init NoOp ^w/Assign ^v/Assign")),
    "G9": Case(
        graph(ref_variable("w") + ref_variable("v") + saver({"w": "w"})),
        ["v"],
        graph(ref_variable("w") + ref_variable("v") + saver({"w": "w", "v": "v"})),
    ),
    "G10": Case(graph(ref_variable("w")), ONE, graph(ref_variable("w") + "y Neg w/read")),
    "G11": Case(
        graph(TRAINED + ref_variable("v") + "z Neg v/read", trainable_variables=["w", "v"]),
        ["v"],
        graph(TRAINED, trainable_variables=ONE),
    ),
    "G12": Case(graph(TRAINED, trainable_variables=[], variables=ONE), ONE, graph(TRAINED, trainable_variables=ONE)),
    "G13": Case(graph(ALIASES.format("a", "a")), ["a"], graph(ALIASES.format("a", "b"))),
    "G14": Case(graph(ALIASES.format("other", "b")), ["a"], graph(ALIASES.format("a", "b"))),
    "G15": Case(
        graph(ref_variable("t/w") + ref_variable("t/t/w/Adam") + "g Const value=1\nu ApplyMomentum t/w t/t/w/Adam g"),
        ["t"],
        graph(TRAINED),
    ),
    "G16": Case(
        graph(TRAINED + ref_variable("w/Adam_2") + ref_variable("w/Adam_3") + "u ApplyAdam w w/Adam_2 w/Adam_3 grad"),
        ONE,
        graph(TRAINED),
    ),
    "G17": Case(graph("x NoOp", frozen=["gone:0"]), ["frozen"], graph("x NoOp", frozen=["x"])),
    "G18": Case(
        graph(ref_variable("w") + ref_variable("v"), variables=ONE),
        ["v"],
        graph(ref_variable("w"), variables=ONE),
    ),
    "G19": Case(
        graph(
            TRAINED.replace("w VariableV2 shape=2", "w VariableV2 shape=2 device=/gpu:0", 1).replace(
                "w/Adam VariableV2 shape=2", "w/Adam VariableV2 shape=2 device=/gpu:1", 1
            )
        ),
        ONE,
        graph(TRAINED.replace("VariableV2 shape=2", "VariableV2 shape=2 device=/gpu:0")),
    ),
    "G20": Case(
        graph(ref_variable("w") + saver({"old/w": "w"})), ["save/SaveV2"], graph(ref_variable("w") + saver({"w": "w"}))
    ),
    "G21": Case(
        graph("w VariableV2 shape=2\nbig Const bytes=10000001\nw/Assign Assign w big"),
        ["big"],
        graph("w VariableV2 shape=2\nsmall Const bytes=999\nw/Assign Assign w small"),
    ),
    "G22": Case(graph("a Identity gone"), ["a"], graph("a Identity b\nb Placeholder")),
    "G23": Case(lambda: with_parts((4, 2), (3, 2)), ["p/w"], lambda: with_parts((4, 2), (4, 2))),
    "G24": Case(graph("w Const value=1,2\nw/read Identity w\ny Neg w/read"), ONE, graph("w Const value=1\ny Neg w")),
    "G25": Case(
        graph(ref_variable("enc/w") + "model/enc/y Neg enc/w/read"),
        ["model"],
        graph(ref_variable("enc/w") + "enc/y Neg enc/w/read"),
    ),
    "G26": Case(lambda: after_import(ok=False, error="unknown op"), ["import"], lambda: after_import(ok=True)),
    "G27": Case(
        lambda: after_import(ok=True, differences=("op a is gone",)), ["import"], lambda: after_import(ok=False)
    ),
    "G30": Case(graph("a MyOp"), ["a"], graph("a NoOp")),
    "G31": Case(graph("c Const value=0\ns Assign c c"), ["s"], graph(ref_variable("w"))),
    "G32": Case(graph("a Neg b\nb Neg a"), ["b"], graph("e Enter x\nm Merge e n\nn NextIteration m")),
    "G33": Case(untyped, ["a"], graph("a NoOp")),
    "G34": Case(graph("x Placeholder\ny MatMul x"), ["y"], graph("x Placeholder\ny MatMul x x")),
    "C1": Case(
        lambda: checkpoint({"w": [2]}, [Damage("shard", "m.data-00000-of-00001", "it is missing")]),
        ["m.data-00000-of-00001"],
        lambda: checkpoint({"w": [2]}, [Damage("state", "checkpoint", "stale")]),
    ),
    "C2": Case(
        lambda: checkpoint({"w": [2]}, [Damage("state", "checkpoint", "stale")]),
        ["checkpoint"],
        lambda: checkpoint({"w": [2]}),
    ),
    "C3": Case(lambda: checkpoint({"w": [2], "w/Adam": [2]}), ["(checkpoint)"], lambda: checkpoint({})),
    "C5": Case(
        lambda: replace(sample("m29_module"), damage=(Damage("values", "variables/", "it is not there"),)),
        ["variables/"],
        lambda: sample("m29_module"),
    ),
    "GC1": Case(lambda: (model_from_text(ref_variable("w")), checkpoint({"v": [2]})), ONE, FITS),
    "GC2": Case(lambda: (model_from_text(ref_variable("w")), checkpoint({"w": [3]})), ONE, FITS),
    "GC3": Case(lambda: (model_from_text(ref_variable("w")), checkpoint({"w": [2], "v": [2]})), ["v"], FITS),
    "GC4": Case(
        lambda: (model_from_text(ref_variable("w")), objects(entry("v"))),
        ["(checkpoint)"],
        lambda: (model_from_text(ref_variable("w")), objects(entry("w"))),
    ),
    "O1": Case(
        lambda: objects(*(entry(n, full_name="w", object_paths=(n,)) for n in "ab")),
        ONE,
        lambda: objects(*(entry(n, full_name=n, object_paths=(n,)) for n in "ab")),
    ),
    "O2": Case(lambda: shifted("layer_with_weights-1/k"), ["k"], lambda: shifted("layer_with_weights-0/k")),
    "O3": Case(
        lambda: objects(entry("w", object_paths=("decoder/kernel", "encoder/kernel"))),
        ONE,
        lambda: objects(entry("w", object_paths=("encoder/kernel", "variables/0", "layer-1/kernel"))),
    ),
    "O4": Case(
        lambda: objects(entry("variables/0"), entry("_all_variables/0")),
        ["_all_variables/0"],
        lambda: objects(entry("variables/0"), entry("_all_variables/0", checksum=8)),
    ),
    "O5": Case(
        lambda: objects(entry("w"), object_keys={"w": True, "gone": False}),
        ["gone"],
        lambda: objects(entry("w"), object_keys={"w": True}),
    ),
    "O6": Case(lambda: bound("resource tables/0"), ["tables/0"], lambda: bound()),
}


def shifted(path: str) -> tuple[Model, Model]:
    here = replace(model_from_text("k VarHandleOp shape=2"))
    named = [replace(v, full_name="k", object_paths=("layer_with_weights-0/k",), shape=(2,)) for v in here.variables]
    model = replace(here, variables=checkpoint_of(named).variables)
    return model, objects(entry("key", full_name="k", object_paths=(path,)))


def bound(*others: str) -> Model:
    model = sample("m29_module")
    return replace(model, bindings=(Binding("__inference_call_27", "call", 1, ("l0_1", "l0"), others),))


def found_by(code: str, made: Model | tuple[Model, Model]) -> list[str]:
    subject = (
        Subject(AnalysisContext(made))
        if isinstance(made, Model)
        else Subject(AnalysisContext(made[0]), AnalysisContext(made[1]))
    )
    return [finding.where for finding in lint(subject, select=[code]).findings]


def test_every_rule_has_a_case() -> None:
    of_traces = {code for code in RULES if code.startswith("T")}  # tests/readers/test_trace_reader.py
    assert CASES.keys() == RULES.keys() - {"C4"} - of_traces  # C4 reads values: its tests are below


@pytest.mark.parametrize("code", CASES)
def test_rule_finds(code: str) -> None:
    assert found_by(code, CASES[code].finds()) == CASES[code].where


@pytest.mark.parametrize("code", CASES)
def test_rule_does_not_find(code: str) -> None:
    assert found_by(code, CASES[code].passes()) == []


class Given:
    """Values that a test made up."""

    def __init__(self, **values: list[float]) -> None:
        self._values = values

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        yield from np.array_split(np.array(self._values[variable.name], np.float32), 2)


def test_values_are_judged_only_when_they_may_be_read() -> None:
    model = checkpoint({"bad": [2, 2], "zero": [2, 2], "bias": [2], "fine": [2, 2]})
    values = Given(bad=[1, np.nan, np.inf, -np.inf], zero=[0, 0, 0, 0], bias=[0, 0], fine=[1, 2, 3, 4])

    found = lint(Subject(AnalysisContext(model), values=values), select=["C4"]).findings

    assert [(f.where, f.severity, f.message) for f in found] == [
        ("bad", "warning", "bad has 1 NaN and 2 infinite values of 4"),
        ("zero", "warning", "all 4 values of zero are 0"),
        ("bias", "info", "all 2 values of bias are 0"),
    ]
    assert lint(Subject(AnalysisContext(model)), select=["C4"]).findings == ()


def test_notes_that_are_not_listed_are_counted() -> None:
    report = lint(Subject(AnalysisContext(model_from_text(TWO_FC.format("x")))), severity="error")
    everything = lint(Subject(AnalysisContext(model_from_text(TWO_FC.format("x")))), severity="info")

    assert sum(report.withheld.values()) == len(everything.findings) - len(report.findings)
    assert everything.withheld == {}


def test_what_tensorflow_refuses_is_reported_after_an_import() -> None:
    model = replace(model_from_text("a MyOp"), imported=ImportReport(ok=False, unregistered=("MyOp",)))

    assert found_by("G22", model) == ["MyOp"]


def test_a_recurrent_cell_of_three_steps_and_towers_are_no_accident() -> None:
    steps = ref_variable("r/c/w") + "x Placeholder\nr/c/y Mul x r/c/w/read\nr/c_1/y Mul r/c/y r/c/w/read\n"
    towers = ref_variable("w") + "x Placeholder\ntower_0/y Mul x w/read\ntower_1/y Mul x w/read\n"

    assert found_by("G3", model_from_text(steps + "r/c_2/y Mul r/c_1/y r/c/w/read")) == []
    for code in ("G2", "G3", "G4"):
        assert found_by(code, model_from_text(towers)) == []


@pytest.mark.parametrize(
    "name", ["m17_gan.meta", "m19_shared_filter.meta", "m09_lstm_unrolled.meta", "m20_towers.meta"]
)
def test_legitimate_sharing_is_no_warning(name: str) -> None:
    found = lint(Subject(AnalysisContext(sample(name)))).findings

    assert {finding.severity for finding in found} <= {"info"}


def test_rules_are_chosen_by_code_family_and_name() -> None:
    subject = Subject(AnalysisContext(sample("m17_gan.meta")))

    assert lint(subject, select=["G2", "dead-variable"]).rules_applied == ("G2", "G10")
    assert set(lint(subject, select=["G"], ignore=["G2"]).rules_applied) == {
        code for code in RULES if code.rstrip("0123456789") == "G"
    } - {"G2"}
    assert lint(subject, select=["GC1"]).rules_skipped == {"GC1": "no graph with its checkpoint was given"}
    assert lint(subject, severity="error").findings == ()
    with pytest.raises(QueryError, match="there is no lint rule 'G99'"):
        lint(subject, ignore=["G99"])


def test_the_report_says_what_it_is_about_and_lists_errors_first() -> None:
    pair = Subject(AnalysisContext(sample("m33_renamed.meta")), AnalysisContext(sample("m33_original.ckpt")))

    report = lint(pair)

    assert report.has_errors
    assert [finding.severity for finding in report.findings] == ["error", "info"]
    assert report.counts == {"error": 1, "info": 1}
    near = {e for finding in report.findings if finding.code == "GC1" for e in finding.evidence}
    assert near == {
        f"model/layer{i}/{new} <- layer{i}/{old}"
        for i in (1, 2, 3)
        for new, old in (("kernel", "weights"), ("biases", "biases"))
    }


def test_the_count_of_errors_knows_every_rule_of_that_severity() -> None:
    errors = [code for code, rule in RULES.items() if rule.severity == "error"]

    assert [rule.code for rule in error_rules(has_trace=True)] == errors


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_every_rule_is_documented(rule: object) -> None:
    from scopeview.analysis.lint.rule import Rule

    assert isinstance(rule, Rule)
    assert all(len(text) > 10 for text in (rule.summary, rule.why, rule.example, rule.fix))
    assert rule.summary.endswith(".")
    assert not rule.fix.casefold().startswith("nothing")


def test_evidence_says_what_its_names_stand_for() -> None:
    def kinds(code: str, *models: str) -> set[tuple[tuple[str, str], ...]]:
        report = scopeview.lint(*(scopeview.load(SAMPLES / name) for name in models))
        found = [finding for finding in report.findings if finding.code == code]
        for finding in found:
            assert [
                "".join(f" {part.sign} {part.text}" if part.sign else part.text for part in parts)
                for parts in finding.evidence_parts
            ] == list(finding.evidence)
        return {tuple((p.kind, p.sign) for p in parts) for finding in found for parts in finding.evidence_parts}

    assert kinds("GC1", "m33_renamed.meta", "m33_original.ckpt") == {(("variable", ""), ("checkpoint_key", "<-"))}
    assert kinds("G2", "m18_missed_sharing.meta") == {(("variable", ""), ("variable", "="))}
    assert kinds("C3", "m33_original.ckpt") == {(("", ""),)}
