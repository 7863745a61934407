"""M10-M16: name scopes and variable scopes together, re-entry, reuse flags."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sample_graphs.mechanisms.graphs import dense, fresh_graph, v1, vector, write_graph_def, write_meta


def name_scope_leaves_get_variable(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("foo"), v1.name_scope("bar"):
            v = v1.get_variable("v", [1])
            tf.add(1.0, v)
        write_meta(folder, "m10_name_scope.meta")


def both_scopes(folder: Path) -> None:
    with fresh_graph():
        x = vector(4)
        with v1.name_scope("model"), v1.variable_scope("encoder"):
            weight = v1.get_variable("weight", [4, 2])
            tf.matmul(x, weight)
        write_meta(folder, "m11_both_scopes.meta")


def classic_mistake(folder: Path) -> None:
    with fresh_graph():
        x = vector(4)
        with v1.name_scope("layer1"):
            w = v1.get_variable("w", [4, 2])
            tf.matmul(x, w)
        write_graph_def(folder, "m12_name_scope_mistake.pb")


def object_jumps_home(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("foo") as foo_scope:
            tf.add(v1.get_variable("w", [1]), 1.0)
        with v1.variable_scope("bar"), v1.variable_scope("baz"):
            with v1.variable_scope(foo_scope):
                tf.add(v1.get_variable("u", [1]), 1.0)
            with v1.variable_scope(foo_scope, reuse=True):
                tf.add(v1.get_variable("w", [1]), 1.0)
        write_meta(folder, "m13_scope_object.meta")


def unmarked_reentry(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("foo") as foo_scope:
            tf.add(v1.get_variable("w", [1]), 1.0)
        with v1.variable_scope(foo_scope, reuse=True, auxiliary_name_scope=False):
            tf.add(v1.get_variable("w", [1]), 2.0)
            with v1.name_scope(foo_scope.original_name_scope):
                tf.add(v1.get_variable("w", [1]), 3.0)
        write_meta(folder, "m14_unmarked_reentry.meta")


def reuse_flags(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("root"):
            v1.get_variable("a", [1])
            with v1.variable_scope("foo") as foo:
                v1.get_variable("b", [1])
                foo.reuse_variables()
                tf.add(v1.get_variable("b", [1]), 1.0)
            with v1.variable_scope("foo/bar"):
                v1.get_variable("c", [1])
        write_meta(folder, "m15_reuse_flags.meta")


def auto_reuse(folder: Path) -> None:
    with fresh_graph():
        x = vector(4)
        for _ in range(3):
            with v1.variable_scope("s", reuse=v1.AUTO_REUSE):
                dense(x, 2)
        write_meta(folder, "m16_auto_reuse.meta", text=True)


SAMPLES = {
    "M10": name_scope_leaves_get_variable,
    "M11": both_scopes,
    "M12": classic_mistake,
    "M13": object_jumps_home,
    "M14": unmarked_reentry,
    "M15": reuse_flags,
    "M16": auto_reuse,
}
