"""Formats are called by their own names."""

from __future__ import annotations

from scopeview.readers.weights.values import SCANS
from scopeview.render.format_names import FORMAT_NAMES, format_name


def test_every_format_of_weights_has_a_name() -> None:
    assert FORMAT_NAMES.keys() >= set(SCANS)
    assert format_name("checkpoint_hdf5", {"layout": "archive"}) == "Keras archive"
    assert format_name("checkpoint_new") == "checkpoint new"
