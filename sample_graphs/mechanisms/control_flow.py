"""M27: loops and branches around a variable, as Switch/Merge and as functions."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sample_graphs.mechanisms.graphs import fresh_graph, v1, vector, write_meta


def loops_and_branches(folder: Path) -> None:
    for version in (1, 2):
        for resource in (False, True):
            kind = "resource" if resource else "ref"
            with fresh_graph(resource=resource, control_flow_v2=version == 2):
                _loop()
                write_meta(folder, f"m27_while_v{version}_{kind}.meta")
            with fresh_graph(resource=resource, control_flow_v2=version == 2):
                _branch()
                write_meta(folder, f"m27_cond_v{version}_{kind}.meta")


def _loop() -> None:
    with v1.variable_scope("net"):
        w = v1.get_variable("w", [2, 2])
    v1.while_loop(
        lambda step, _: step < 3,
        lambda step, state: (step + 1, tf.matmul(state, w)),
        (tf.constant(0), vector(2)),
        name="loop",
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, 2])),
    )


def _branch() -> None:
    with v1.variable_scope("net"):
        w = v1.get_variable("w", [2])
    flag = v1.placeholder(tf.bool, [], name="flag")
    v1.cond(flag, lambda: w * 2.0, lambda: w + 1.0, name="choice")


SAMPLES = {"M27": loops_and_branches}
