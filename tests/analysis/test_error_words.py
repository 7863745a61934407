"""Messages that TensorFlow raises lead to what they speak of."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from scopeview import load
from scopeview.analysis.answers.find import find
from scopeview.analysis.answers.show import detail
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.error_words import names_in
from scopeview.errors import NotFoundError, QueryError
from tests.places import SAMPLES

RAISES = """
import json, os, sys, tempfile
import tensorflow as tf
tf1, folder, found = tf.compat.v1, tempfile.mkdtemp(), {}

def note(name, call):
    try:
        call()
    except Exception as error:
        found[name] = str(error)

for style, scope in (("ref", "net/layer_3"), ("resource", "a.b/Encoder_1")):
    (tf1.disable_resource_variables if style == "ref" else tf1.enable_resource_variables)()
    with tf.Graph().as_default(), tf1.Session() as session:
        with tf1.variable_scope(scope) as entered:
            kernel = tf1.get_variable("kernel", [2])
            note(f"{style} exists", lambda: tf1.get_variable("kernel", [2]))
            with tf1.variable_scope(entered, reuse=True):
                note(f"{style} absent", lambda: tf1.get_variable("bias", [2]))
        fed = tf1.placeholder(tf.float32, [None], name=f"{scope}/fed")
        renamed, saver = tf1.train.Saver({f"old/{scope}": kernel}), tf1.train.Saver()
        note(f"{style} uninitialized", lambda: session.run(kernel))
        session.run(kernel.initializer)
        saved = saver.save(session, os.path.join(folder, style))
        note(f"{style} key", lambda: renamed.restore(session, saved))
        note(f"{style} fed", lambda: session.run(fed * 2))
        note(f"{style} entry", lambda: tf.train.load_variable(saved, f"{scope}/gone"))
module = tf.Module()
module.inner = tf.Module()
module.inner.weight = tf.Variable([1.0])
path = tf.train.Checkpoint(model=module).save(os.path.join(folder, "objects"))
del module.inner.weight
note("object unused", lambda: tf.train.Checkpoint(model=module).restore(path).assert_consumed())
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def messages() -> dict[str, str]:
    done = subprocess.run([sys.executable, "-c", RAISES], capture_output=True, text=True, timeout=600, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_the_first_name_is_what_the_message_is_about(messages: dict[str, str]) -> None:
    expected = {"object unused": "(root).model.inner.weight"}
    for style, scope in (("ref", "net/layer_3"), ("resource", "a.b/Encoder_1")):
        about = {"exists": "kernel", "absent": "bias", "uninitialized": "kernel", "fed": "fed", "entry": "gone"}
        expected |= {f"{style} {what}": f"{scope}/{leaf}" for what, leaf in about.items()}
        expected[f"{style} key"] = f"old/{scope}"

    assert {what: names_in(text)[0] for what, text in messages.items()} == expected


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (
            "Key generator/hidden/weights not found in checkpoint\n\t [[{{node save/RestoreV2}}]]",
            "generator/hidden/weights",
        ),
        ("[[{{node generator/hidden/MatMul}}]]", "generator/hidden/MatMul"),
        ("Detected at node 'generator/hidden/Relu' defined at (most recent call last):", "generator/hidden/Relu"),
        ("assertion failed: [-1] [[node ^generator/hidden/MatMul (defined at a.py:3) ]]", "generator/hidden/MatMul"),
    ],
)
def test_a_message_is_shown_and_found_as_the_name_in_it(message: str, name: str) -> None:
    context = AnalysisContext(load(SAMPLES / "m17_gan.meta"))

    shown, hits = detail(context, message), find(context, message)

    assert shown.name == name
    assert {hit.name for hit in hits.hits} >= {name}
    assert hits.query == message


def test_names_and_queries_stay_what_they_are() -> None:
    context = AnalysisContext(load(SAMPLES / "m17_gan.meta"))

    assert [names_in(text) for text in ("a/b", "^a/b", "(root).a.b", "function: op")] == [()] * 4
    assert find(context, "op:MatMul 'generator'").hits == find(context, "op:MatMul generator").hits
    with pytest.raises(NotFoundError, match=r"is called 'gone/weights'; near it: .*generator/hidden/weights"):
        detail(context, "Key gone/weights not found in checkpoint [[{{node save/RestoreV2}}]]")
    with pytest.raises(QueryError, match="there is no search field 'error'"):
        find(context, "error:x y")
