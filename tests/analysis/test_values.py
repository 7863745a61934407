"""How values are distributed: what numpy says of what TensorFlow reads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scopeview.analysis.answers.values import VariableValues, describe, values_of, values_report
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.measuring import BINS
from scopeview.errors import NotFoundError, QueryError
from scopeview.model.variables import Variable
from scopeview.readers import read, with_values
from tests.places import CORPUS, NO_CORPUS, SAMPLES, corpus


class Given:
    """Values in blocks of a chosen size."""

    def __init__(self, values: NDArray[np.generic], size: int) -> None:
        self._values, self._size = values, size

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        yield from (self._values[start : start + self._size] for start in range(0, len(self._values), self._size))


def agrees(found: VariableValues, truth: NDArray[Any]) -> None:
    wide = truth.astype(np.float64).ravel()
    finite = wide[np.isfinite(wide)]
    assert found.unread == ""
    assert found.elements == wide.size
    assert (found.zeros, found.nan, found.inf) == (
        int((wide == 0).sum()),
        int(np.isnan(wide).sum()),
        int(np.isinf(wide).sum()),
    )
    if not finite.size:
        assert (found.mean, found.deviation, found.minimum, found.maximum, found.l2) == (None,) * 5
        return
    assert (found.minimum, found.maximum) == (finite.min(), finite.max())
    size = max(1.0, float(np.abs(finite).max()))
    assert found.mean == pytest.approx(float(finite.mean()), rel=1e-9, abs=1e-9 * size)
    assert found.deviation == pytest.approx(float(finite.std()), rel=1e-6, abs=1e-9 * size)
    assert found.l2 == pytest.approx(float(np.linalg.norm(finite)), rel=1e-9)
    if found.histogram:
        assert list(found.histogram) == np.histogram(finite, bins=BINS)[0].tolist()
    else:
        assert finite.min() == finite.max()


FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(st.lists(FLOATS, min_size=1, max_size=60), st.integers(1, 9))
def test_blocks_make_no_difference(numbers: list[float], size: int) -> None:
    truth = np.array(numbers, np.float32)

    agrees(describe(Variable("w", "checkpoint", truth.shape, "float32"), Given(truth, size), "c"), truth)


@pytest.mark.parametrize("name", ["m33_original.ckpt", "m32_sharded.ckpt", "m28_partitioned.ckpt", "m32_object.ckpt"])
def test_samples_say_what_tensorflow_reads(name: str) -> None:
    assert_like_tensorflow(SAMPLES / name)


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
def test_checkpoints_of_the_corpus_say_what_tensorflow_reads() -> None:
    prefixes = [CORPUS / row["entry"] for row in corpus() if row["kind"] in ("ckpt_v2", "ckpt_object")]
    whole = [prefix for prefix in prefixes if list(prefix.parent.glob(f"{prefix.name}.data-*"))]

    assert len(whole) >= 10
    for prefix in whole:
        assert_like_tensorflow(prefix)
    for prefix in set(prefixes) - set(whole):
        model, values = with_values(read(prefix))
        assert values_report(AnalysisContext(model), values).missing > 0


def assert_like_tensorflow(prefix: Path) -> None:
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(prefix))
    model, values = with_values(read(prefix))
    report = values_report(AnalysisContext(model), values, limit=5000)

    assert report.total == len(report.variables) == len(model.variables)
    for found, variable in zip(report.variables, model.variables, strict=True):
        assert found.variable == variable.name
        truth = reader.get_tensor(variable.checkpoint_keys[0] if variable.checkpoint_keys else variable.name)
        if variable.dtype == "string":
            assert found.unread == "string is no number"
        else:
            agrees(found, np.asarray(truth))


def test_a_variable_of_a_graph_is_found_in_the_checkpoints_under_its_keys() -> None:
    graph = AnalysisContext(read(SAMPLES / "m33_renamed.meta"))
    renaming = AnalysisContext(read(SAMPLES / "m31_renaming_savers.meta"))
    model, values = with_values(read(SAMPLES / "m33_original.ckpt"))

    assert (
        values_of(graph, "model/layer1/kernel", [(AnalysisContext(model), values)]) == ()
    )  # the checkpoint calls it otherwise
    (itself,) = values_of(AnalysisContext(model), "layer1/weights", [(AnalysisContext(model), values)])
    assert itself.variable == "layer1/weights"
    with pytest.raises(NotFoundError, match=r"no variable in .* is called 'nope'"):
        values_of(renaming, "nope", [])


def test_what_is_cut_off_is_counted_and_not_described(tmp_path: Path) -> None:
    for suffix in (".index", ".data-00000-of-00001"):
        content = (SAMPLES / f"m33_original.ckpt{suffix}").read_bytes()
        (tmp_path / f"m.ckpt{suffix}").write_bytes(content[:100] if "data" in suffix else content)
    model, values = with_values(read(tmp_path / "m.ckpt"))

    report = values_report(AnalysisContext(model), values)

    assert report.missing == 5
    cut = [one for one in report.variables if one.unread]
    assert {(one.elements, one.mean, one.histogram) for one in cut} == {(0, None, ())}


def test_a_graph_and_a_v1_checkpoint_hold_nothing_that_is_read() -> None:
    for name, reason in (("m17_gan.meta", "holds no values"), ("m32_v1.ckpt", "V1 checkpoint")):
        with pytest.raises(QueryError, match=reason):
            with_values(read(SAMPLES / name))


def test_numbers_without_order_and_extremes_without_a_difference() -> None:
    complex_ones = np.ones(3, np.complex64)
    largest = np.array([-1.7e308, 1.7e308])

    found = describe(Variable("c", "checkpoint", (3,), "complex64"), Given(complex_ones, 2), "c")
    extreme = describe(Variable("w", "checkpoint", (2,), "float64"), Given(largest, 1), "c")

    assert (found.unread, found.elements) == ("complex numbers have no order", 0)
    assert (extreme.minimum, extreme.maximum, extreme.histogram) == (-1.7e308, 1.7e308, ())
    assert extreme.l2 == math.inf
