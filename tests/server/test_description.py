"""What the server answers is what its description says: asked at random, by schemathesis, within the description."""

from __future__ import annotations

import json
import logging
import math
import os
from collections import Counter
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from scopeview.analysis.diff.value_change import ValueChange
from scopeview.render.as_json import dumps
from scopeview.server.app import create_app
from scopeview.workspace import Workspace
from tests.places import SAMPLES
from tests.server.live import serving

STEPS = 10
"""Questions of a chain, each of which takes what it asks for from the answers before."""

CALLS = int(os.environ.get("SCOPEVIEW_CALLS", "300"))
"""How many questions are asked in all; more by hand: SCOPEVIEW_CALLS=10000."""

NAMES = ["", "generator", "discriminator", "generator/weights", "z", "train_op", "nope", "\u202e", "op:MatMul"]
OPENED = ("m17_gan.meta", "m33_original.ckpt", "m33_renamed.meta", "m29_keras", "m31_renaming_savers.meta")


def test_numbers_that_json_lacks_are_described_as_they_are_sent() -> None:
    schemas = create_app(Workspace()).openapi()["components"]["schemas"]
    sent = json.loads(dumps(ValueChange(1, 1, math.inf, float(np.float64(0.5)), math.nan, 0, 0, 0, 0)))

    for name in ("max_abs", "cosine", "relative_l2"):
        number, words = schemas["ValueChange"]["properties"][name]["anyOf"]
        assert number["type"] == "number"
        assert isinstance(sent[name], float) or sent[name] in words["enum"]
    assert (sent["max_abs"], sent["relative_l2"], sent["cosine"]) == ("inf", 0.5, "nan")


@pytest.mark.filterwarnings("ignore")
def test_no_question_has_an_answer_that_is_not_described() -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from schemathesis.specs.openapi import checks

    conforms = _conforms(checks)
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st

    statuses: Counter[int] = Counter()
    with serving([str(SAMPLES)], most_models=50) as live:
        known = [live.ask("/api/models", "POST", {"path": name}).json["id"] for name in OPENED]
        description = schemathesis.openapi.from_dict(live.ask("/api/openapi.json").json)
        operations = [found.ok() for found in description.get_all_operations()]

        def ask(case: Any, data: Any, closes: bool) -> None:
            fill(case, data, ["zzz"] if closes else [*known, "zzz"])
            answer = case.call(base_url=f"http://127.0.0.1:{live.port}")
            statuses[answer.status_code] += 1
            assert answer.status_code < 500 or answer.status_code in (503, 507), answer.text
            case.validate_response(answer, checks=conforms)

        for operation in operations:
            closes = operation.method.lower() == "delete"
            settled = settings(
                max_examples=max(1, CALLS // len(operations)),
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            seed(1)(settled(given(operation.as_strategy(), st.data(), st.just(closes))(ask)))()
    shown = f"{sum(statuses.values()):,} calls: {dict(sorted(statuses.items()))}"
    assert sum(statuses.values()) >= CALLS // 2, shown
    assert statuses[200] >= sum(statuses.values()) // 10, shown
    logging.getLogger("tests").info(shown)


def _conforms(checks: Any) -> list[Any]:
    names = ("status_code", "content_type", "response_headers", "response_schema")
    return [getattr(checks, f"{name}_conformance") for name in names]


@pytest.mark.filterwarnings("ignore")
def test_no_chain_of_questions_has_an_answer_that_is_not_described() -> None:
    """By the links of the description: open, ask, read again, close; what was closed is not there any more."""
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis.errors import Flaky
    from schemathesis.specs.openapi import checks

    statuses: Counter[int] = Counter()
    linked: Counter[int] = Counter()
    failures: list[str] = []
    with serving([str(SAMPLES)], most_models=50) as live:
        description = schemathesis.openapi.from_dict(live.ask("/api/openapi.json").json)
        description.config.update(base_url=f"http://127.0.0.1:{live.port}")
        machine = description.as_state_machine()

        class Chain(machine):  # type: ignore[misc, valid-type]
            def before_call(self, case: Any) -> None:
                if case.operation.label == "POST /api/models":
                    case.body = {"path": OPENED[sum(statuses.values()) % len(OPENED)]}

            def validate_response(self, answer: Any, case: Any, *_more: Any, **_options: Any) -> None:
                statuses[answer.status_code] += 1
                if case.path_parameters:
                    linked[answer.status_code] += 1
                try:
                    assert answer.status_code < 500 or answer.status_code in (503, 507), answer.text
                    case.validate_response(answer, checks=[*_conforms(checks), checks.use_after_free])
                except BaseException as failure:
                    failures.append(f"{case.operation.label}: {failure}")
                    raise

        settled = settings(
            max_examples=max(2, CALLS // 6 // STEPS),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        with suppress(Flaky):  # what is open depends on the chains before, so that one cannot always be made again
            Chain.run(settings=settled)
    assert failures == []
    shown = f"{sum(statuses.values()):,} calls: {dict(sorted(statuses.items()))}; about a model: {dict(linked)}"
    logging.getLogger("tests").info(shown)
    assert linked[200], shown


def fill(case: Any, data: Any, models: list[str]) -> None:
    """Put ids of models that are open and names that they know where they belong, so that questions get that far."""
    from hypothesis import strategies as st

    for place in (case.path_parameters or {}, case.query or {}):
        for name in place.keys() & {"model", "a", "b", "checkpoint"}:
            place[name] = data.draw(st.sampled_from(models))
        for name in place.keys() & {"name", "scope", "q", "source", "target", "variable"}:
            if isinstance(place[name], str):
                place[name] = data.draw(st.one_of(st.just(place[name]), st.sampled_from(NAMES)))
