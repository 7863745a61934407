"""Small programs with variable scopes, right and faulty; as a script, `traced_programs.py FOLDER` traces each."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

import scopeview
from scopeview.cli.main import cli
from scopeview.readers.tensorflow.tracing.run import Tracing, find_program, run_program
from tests.readers.faulty_programs import FAULTY

tf1: Any = tf.compat.v1
get, scope = tf1.get_variable, tf1.variable_scope


def flags_at_every_level() -> None:
    with scope("root"), scope("foo", reuse=tf1.AUTO_REUSE), scope("bar"):
        get("v", [2])
    with scope("root") as root, scope("foo"):
        root.reuse_variables()
        with scope("late"):
            pass
    with scope("root"):
        with scope("foo", reuse=True), tf1.name_scope("ops"), scope("bar"):
            get("v", [2])
        with scope("foo", reuse=True), scope("bar", reuse=False):
            get("v", [2])


def scope_objects_carry_their_flag() -> None:
    with scope("tower") as tower:
        get("w", [3, 1])
    with scope(tower, reuse=True) as again:
        get("w", [3, 1])
    with scope("other"), scope(again):
        get("w", [3, 1])


def exists_already() -> None:
    def layer() -> None:
        with scope("net/dense"):
            get("kernel", [4, 2])

    layer()
    layer()


def missing_under_reuse() -> None:
    with scope("net"), scope("hidden"):
        get("weights", [2, 2])
    with scope("net", reuse=True), scope("hiden"):
        get("weights", [2, 2])


def made_by_tf_variable() -> None:
    with scope("net"):
        tf1.Variable(tf.zeros([2]), name="b", use_resource=False)
    with scope("net", reuse=True):
        get("b", [2])


def another_shape() -> None:
    with scope("emb", reuse=tf1.AUTO_REUSE):
        get("table", [100, 8])
        get("table", [120, 8])


def another_dtype() -> None:
    with scope("emb", reuse=tf1.AUTO_REUSE):
        get("table", [5], dtype=tf.float32)
        get("table", [5], dtype=tf.float64)


def another_partitioner() -> None:
    with scope("big", partitioner=tf1.fixed_size_partitioner(2)):
        get("w", [8, 2])
    with scope("big", reuse=True, partitioner=tf1.fixed_size_partitioner(4)):
        get("w", [8, 2])


def reuse_too_early() -> None:
    for step in range(3):
        with scope("rnn"):
            tf1.get_variable_scope().reuse_variables()
            get(f"w{step and 0}", [2])


def tf_variable_under_reuse() -> None:
    for reuse in (None, True):
        with scope("net", reuse=reuse):
            tf1.Variable(tf.zeros([2]), name="b", use_resource=False)


def name_scope_around_get_variable() -> None:
    with tf1.name_scope("layer1"):
        get("w", [2])


def parts_shared() -> None:
    for reuse in (None, True):
        with scope("emb", reuse=reuse, partitioner=tf1.fixed_size_partitioner(2)):
            get("t", [8, 2])


def one_tower_for_two_images() -> None:
    def tower(image: Any) -> Any:
        with scope("net"), scope("dense"):
            return tf.matmul(image, get("kernel", [3, 3]))

    first = tower(tf.zeros([1, 3]))
    with scope(tf1.get_variable_scope(), reuse=True):
        tower(first)
    with scope("loss"):
        tf.reduce_sum(first)


def a_filter_for_two_images() -> None:
    def image_filter(image: Any) -> Any:
        return image * tf1.Variable(tf.zeros([3]), name="w", use_resource=False)

    image_filter(tf.zeros([3]))
    image_filter(tf.ones([3]))


def a_loop_of_layers() -> None:
    x: Any = tf.zeros([3])
    for _ in range(3):
        x = x * tf1.Variable(tf.zeros([3]), name="w", use_resource=False)


def a_file_is_missing() -> None:
    get("w", [2])
    Path("no-such-file").read_text("utf-8")


def retraced() -> None:
    @tf.function
    def double(x: Any, factor: int = 2) -> Any:
        return x * factor

    double(tf.zeros([2]))
    double(tf.zeros([3]))
    double(tf.zeros([3]), factor=3)

    @tf.function
    def half(x: Any, number: int) -> Any:
        return x / number

    for number in range(1, 6):
        half(tf.zeros([2]), number)


PROGRAMS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        flags_at_every_level,
        scope_objects_carry_their_flag,
        exists_already,
        missing_under_reuse,
        made_by_tf_variable,
        another_shape,
        another_dtype,
        another_partitioner,
        reuse_too_early,
        tf_variable_under_reuse,
        name_scope_around_get_variable,
        parts_shared,
        one_tower_for_two_images,
        a_filter_for_two_images,
        a_loop_of_layers,
        a_file_is_missing,
    )
}


def methods_of_two_objects() -> None:
    class Layer(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = tf.Variable([1.0], name="weight")

        @tf.function
        def __call__(self, x: Any) -> Any:
            return x * self.weight

    for layer in (Layer(), Layer()):
        layer(tf.zeros([1]))


A_TEST = """
import tensorflow as tf

def test_layer():
    with tf.Graph().as_default(), tf.compat.v1.variable_scope("net"):
        for _ in range(2):
            tf.compat.v1.get_variable("w", [1])
"""


def commands(folder: Path) -> None:
    """Trace a command of Python's, and a module."""
    test = folder / "a_test.py"
    test.write_text(A_TEST, "utf-8")
    for name, as_module in (("pytest", False), ("pytest", True)):
        tracing = Tracing(name, "")
        run = find_program(name, as_module=as_module)
        run_program(run, [name, "-q", "-p", "no:cacheprovider", str(test)], tracing)
        tracing.save(folder / f"{run.name}_{as_module}.scopetrace")
    with (folder / "checked.json").open("w", encoding="utf-8") as out, contextlib.redirect_stdout(out):
        try:
            options = ["check-scopes", "--json", "--", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
            cli.main(options, standalone_mode=False)
        except SystemExit as ended:
            out.write(json.dumps({"code": ended.code}))


def layers_of_two_calls() -> None:
    """AutoGraph rewrites the loop; a variable is made by the first call of the function."""

    class Net(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.scale: Any = None

        @tf.function
        def __call__(self, x: Any, steps: Any) -> Any:
            if self.scale is None:
                self.scale = tf.Variable(2.0, name="scale")
            for _ in tf.range(steps):
                x = halved(x)
            return x * self.scale

    @tf.function
    def halved(x: Any) -> Any:
        return x / 2.0

    net = Net()
    for size in (1, 2):
        net(tf.zeros([size]), tf.constant(3))


def rescaled(x: Any) -> Any:
    return x * 3.0


def a_variable_at_each_call() -> None:
    @tf.function
    def scaled(x: Any) -> Any:
        return x * tf.Variable(2.0)

    scaled(tf.zeros([2]))


def main() -> None:
    folder = Path(sys.argv[1])
    for mended in FAULTY.values():
        with tf.Graph().as_default():
            mended(True)
    for name, program in (PROGRAMS | {name: partial(faulty, False) for name, faulty in FAULTY.items()}).items():
        tracing = None
        try:
            with tf.Graph().as_default(), scopeview.trace() as tracing:
                program()
        except (ValueError, OSError):
            pass
        assert tracing is not None
        tracing.save(folder / f"{name}.scopetrace")
    with scopeview.trace() as tracing:
        retraced()
        methods_of_two_objects()
        layers_of_two_calls()
        for _ in range(2):
            tf.function(rescaled)(tf.zeros([2]))
    tracing.save(folder / "retraced.scopetrace")
    with contextlib.suppress(ValueError), scopeview.trace() as tracing:
        a_variable_at_each_call()
    tracing.save(folder / "variable_at_each_call.scopetrace")
    commands(folder)
    untouched = tf1.variable_scope.__enter__.__module__
    assert untouched == "tensorflow.python.ops.variable_scope", "the hooks are taken off"


if __name__ == "__main__":
    main()
