"""M01-M06: what `tf.Variable` and `get_variable` call things."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sample_graphs.mechanisms.graphs import fresh_graph, v1, write_graph_def, write_meta


def scope_prefixes(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("my_scope"):
            first = v1.Variable(1.0, name="v1")
            second = v1.Variable(2.0, name="v2")
        tf.add(first, second, name="sum")
        write_meta(folder, "m01_scope_prefixes.meta")


def nested_scopes(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("test1"):
            v1.get_variable("firstvar", [2])
            with v1.variable_scope("test2"):
                v1.get_variable("firstvar", [2])
        with v1.variable_scope("test2"):
            v1.get_variable("firstvar", [2])
        write_graph_def(folder, "m02_nested_scopes.pbtxt")


def variable_is_uniquified(folder: Path) -> None:
    with fresh_graph():
        v1.Variable(1.0, name="firstvar")
        v1.Variable(2.0, name="firstvar")
        v1.Variable(3.0)
        v1.Variable(4.0)
        write_meta(folder, "m03_variable_uniquified.meta")


def name_is_taken(folder: Path) -> None:
    with fresh_graph():
        v1.Variable(1.0, name="firstvar")
        v1.Variable(2.0, name="firstvar")
        v1.get_variable("firstvar", [2])
        v1.train.Saver()
        write_meta(folder, "m04_name_taken.meta")


def reuse_shares(folder: Path) -> None:
    for resource, name in ((False, "m05_reuse.meta"), (True, "m05_reuse_resource.meta")):
        with fresh_graph(resource=resource):
            with v1.variable_scope("shared_scope"):
                tf.add(v1.get_variable("v", [1]), 1.0)
            with v1.variable_scope("shared_scope", reuse=True):
                tf.add(v1.get_variable("v", [1]), 2.0)
            write_meta(folder, name)


def variable_ignores_reuse(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("shared_scope"):
            tf.add(v1.Variable([1.0], name="v"), 1.0)
        with v1.variable_scope("shared_scope", reuse=True):
            tf.add(v1.Variable([1.0], name="v"), 2.0)
        write_meta(folder, "m06_variable_ignores_reuse.meta")


SAMPLES = {
    "M01": scope_prefixes,
    "M02": nested_scopes,
    "M03": variable_is_uniquified,
    "M04": name_is_taken,
    "M05": reuse_shares,
    "M06": variable_ignores_reuse,
}
