from __future__ import annotations

import json

from tests.cli.running import Run
from tests.places import SAMPLES


def test_every_collection_in_one_line(scopeview: Run) -> None:
    ran = scopeview("collections", SAMPLES / "m22_collections.meta")

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "collections (11)",
        "  FROZEN_VARS          1  1 variable      net/frozen",
        "  endpoints            2  1 tensor, 1 op  y, y",
        "  global_step          1  1 variable      global_step",
        "  local_variables      1  1 variable      net/local",
        "  losses               1  1 tensor        loss",
        "  notes                1  1 value         a plain string",
        "  numbers              1  1 value         42",
        "  summaries            1  1 tensor        mean_1",
        "  trainable_variables  2  2 variables     net/frozen, net/weights",
        "  update_ops           1  1 tensor        update",
        "  variables            4  4 variables     net/frozen, net/weights, net/counter, global_step",
        "",
        "savers  none: the graph has no op that saves or restores",
    ]


def test_one_collection_in_full(scopeview: Run) -> None:
    shown = scopeview("collections", SAMPLES / "m22_collections.meta", "FROZEN_VARS").out.splitlines()

    assert shown[:3] == [
        "collection FROZEN_VARS  stored as nodes",
        "  member      is        stored as     also in",
        "  net/frozen  variable  net/frozen:0  trainable_variables, variables",
    ]


def test_differences_and_savers(scopeview: Run) -> None:
    fine = scopeview("collections", SAMPLES / "m23_fine_tuning.meta").out
    savers = scopeview("collections", SAMPLES / "m31_renaming_savers.meta").out

    assert "trainable_variables − updated  4  trainable, and no optimizer updates them  layer1/biases" in fine
    assert ["save/SaveV2", "saves", "1", "key", "net/w", "as", "old/name"] in [
        row.split() for row in savers.splitlines()
    ]
    assert "  never saved (1): net/scratch" in savers


def test_what_has_no_collections_says_so(scopeview: Run) -> None:
    assert (
        "a bare GraphDef and a checkpoint have no collections"
        in scopeview("collections", SAMPLES / "m33_original.ckpt").out
    )
    ran = scopeview("collections", SAMPLES / "m22_collections.meta", "FROZEN")
    assert (ran.code, "no collection in" in ran.err, "FROZEN_VARS" in ran.err) == (2, True, True)


def test_membership_is_listed_both_ways(scopeview: Run) -> None:
    found = json.loads(scopeview("collections", SAMPLES / "m22_collections.meta", "--json", "--scope", "net").out)

    assert {row["variable"]: row["collections"] for row in found["variables"]} == {
        "net/counter": ["variables"],
        "net/frozen": ["FROZEN_VARS", "trainable_variables", "variables"],
        "net/local": ["local_variables"],
        "net/weights": ["trainable_variables", "variables"],
    }
    assert found["collections"][0]["kinds"] == {"variable": 1}
