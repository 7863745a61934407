"""What several ops and scopes have in common."""

from __future__ import annotations

import scopeview
from scopeview.analyses.facts import Facts
from scopeview.analyses.used_by_all import used_by_all
from tests.places import SAMPLES

GAN = Facts(scopeview.load(SAMPLES / "m17_gan.meta"))
SHARED = tuple(f"discriminator/{layer}/{name}" for layer in ("hidden", "logits") for name in ("biases", "weights"))


def test_scopes_ops_and_variables_have_in_common_what_all_of_them_use() -> None:
    assert used_by_all(GAN, ["discriminator", "discriminator_1"]).variables == SHARED
    assert used_by_all(GAN, ["discriminator/hidden/MatMul", "discriminator_1/hidden/MatMul"]).variables == (SHARED[1],)
    assert used_by_all(GAN, ["discriminator_1", SHARED[0]]).variables == (SHARED[0],)
    assert used_by_all(GAN, ["discriminator", "generator"]).total_variables == 0


def test_what_is_left_out_is_counted() -> None:
    found = used_by_all(GAN, ["discriminator"], limit=1)

    assert (found.variables, found.total_variables) == (SHARED[:1], 4)
