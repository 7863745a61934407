from __future__ import annotations

import json
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from scopeview.render.as_json import dumps, plain


@dataclass(frozen=True)
class Result:
    name: str
    values: tuple[object, ...]


def test_a_result_becomes_plain_json() -> None:
    result = Result("a", (1, None, True, 0.5, float("nan"), float("inf"), b"\xff", 1j, {"k": Result("b", ())}))

    assert json.loads(dumps(result)) == {
        "name": "a",
        "values": [1, None, True, 0.5, "nan", "inf", "\\xff", "1j", {"k": {"name": "b", "values": []}}],
    }


@given(st.text())
def test_any_name_can_be_written_and_read_back(name: str) -> None:
    found = json.loads(dumps(Result(name, ())))["name"]

    assert found == name.encode("utf-8", "backslashreplace").decode()


def test_sets_become_lists() -> None:
    assert plain(frozenset({"x"})) == ["x"]
