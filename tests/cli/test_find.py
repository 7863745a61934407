from __future__ import annotations

import json

from tests.cli.running import Run
from tests.places import SAMPLES


def test_hits_are_counted_and_listed(scopeview: Run) -> None:
    ran = scopeview("find", SAMPLES / "m05_reuse.meta", "shared_scope", "dtype:float32", "name:*v")

    assert ran.out.splitlines() == [
        "1 variable, 1 op",
        "  shared_scope/v  ref variable  float32[1]",
        "  shared_scope/v  VariableV2    float32[1]",
    ]


def test_pages_say_what_comes_next(scopeview: Run) -> None:
    ran = scopeview("find", SAMPLES / "m17_gan.meta", "op:MatMul", "--limit", "3", "--offset", "3")

    assert ran.out.splitlines()[-1].endswith("more: --offset 6 shows the next page")


def test_json_has_the_same_answer(scopeview: Run) -> None:
    found = json.loads(scopeview("find", SAMPLES / "m05_reuse.meta", "trainable:yes", "--json").out)

    assert (found["variables"], found["ops"]) == (1, 0)
    assert found["hits"][0]["shape"] == [1]


def test_a_query_that_cannot_be_read_ends_with_a_sentence(scopeview: Run) -> None:
    ran = scopeview("find", SAMPLES / "m05_reuse.meta", "color:red")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("scopeview: there is no search field 'color'")
