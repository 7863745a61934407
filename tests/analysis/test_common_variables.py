"""What several ops and scopes have in common."""

from __future__ import annotations

import scopeview
from scopeview.analysis.answers.common_variables import common_variables
from scopeview.analysis.context import AnalysisContext
from tests.places import SAMPLES

GAN = AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta"))
SHARED = tuple(f"discriminator/{layer}/{name}" for layer in ("hidden", "logits") for name in ("biases", "weights"))


def test_scopes_ops_and_variables_have_in_common_what_all_of_them_use() -> None:
    assert common_variables(GAN, ["discriminator", "discriminator_1"]).variables == SHARED
    assert common_variables(GAN, ["discriminator/hidden/MatMul", "discriminator_1/hidden/MatMul"]).variables == (
        SHARED[1],
    )
    assert common_variables(GAN, ["discriminator_1", SHARED[0]]).variables == (SHARED[0],)
    assert common_variables(GAN, ["discriminator", "generator"]).total_variables == 0


def test_what_is_left_out_is_counted() -> None:
    found = common_variables(GAN, ["discriminator"], limit=1)

    assert (found.variables, found.total_variables) == (SHARED[:1], 4)
