"""What `tf.train.Checkpoint(...).restore` would do, compared with what it does and with the words it uses."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.analysis.answers.find import find
from scopeview.analysis.answers.show import detail
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.report import diff
from scopeview.model.object_paths import object_name, object_names
from scopeview.model.variables import Variable
from tests.oracle import Oracle


def spec(seed: int, root: str, changed: bool) -> dict[str, Any]:
    """Return the objects of a program: widths by path; a changed one has another head, one more layer, another slot."""
    chance = random.Random(seed)
    layers = chance.randint(2, 4)
    sizes = {f"{root}/blocks/{i}/w": [chance.randint(2, 9), chance.randint(2, 9)] for i in range(layers)}
    sizes |= {f"{root}/head/kernel": [4, 5], f"{root}/odd.name/b": [3]}
    if changed:
        sizes[f"{root}/head/kernel"] = [4, 7]
        sizes[f"{root}/blocks/{layers}/w"] = [2, 2]
    return {"variables": sizes, "optimizer": "Adam" if changed else "SGD"}


@pytest.mark.parametrize(("seed", "root"), [(1, "model"), (2, "net"), (3, "_backbone")])
def test_what_stays_unresolved_is_what_tensorflow_says(seed: int, root: str, oracle: Oracle, tmp_path: Path) -> None:
    old, new = spec(seed, root, False), spec(seed, root, True)
    truth = oracle.ask("object_restore", tmp_path, old=old, new=new)
    a, b = (AnalysisContext(scopeview.load(tmp_path / name)) for name in ("old.ckpt", "new.ckpt"))

    found = diff(a, b).report.restore

    assert found is not None
    assert (found.asked_by, found.verdict.succeeds) == ("objects", False)
    assert [m.variable for m in found.mismatched] and "shape" in truth["error"]
    assert found.verdict.sentence.startswith("Restore by object will fail: 1 object of another shape")
    unresolved = {object_name(key) for key in found.unused}
    assert unresolved == {*truth["unresolved"]}
    missing = {object_name(m.key) for m in found.missing}
    assert missing == {*truth["missing"]}
    for name in unresolved:
        assert detail(a, name).variables, name
        assert find(a, name).variables if "'" not in name else True


def test_an_unchanged_program_is_restored_whole(oracle: Oracle, tmp_path: Path) -> None:
    same = spec(5, "model", False)
    oracle.ask("object_restore", tmp_path, old=same, new=same)
    a, b = (AnalysisContext(scopeview.load(tmp_path / name)) for name in ("old.ckpt", "new.ckpt"))

    found = diff(a, b).report.restore

    assert found is not None
    assert found.verdict.sentence.startswith("Restore by object will succeed: ")
    assert (found.missing, found.mismatched, found.unused) == ((), (), ())


def test_objects_are_called_as_tensorflow_calls_them() -> None:
    assert object_name("a/b..c/.ATTRIBUTES/VARIABLE_VALUE") == "(root).a.b.c"
    assert object_name("w/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/VARIABLE_VALUE") == "(root).opt's state 'm' for (root).w"
    assert object_names(Variable("w", "object", None, "float32", object_paths=("a/w",))) == {"(root).a.w"}
