"""Our reader of text format and protobuf's agree."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st

from scopeview.readers.protobuf.text import TextError, to_wire
from tests.messages import message
from tests.places import SAMPLES


def read(text: str, kind: str = "GraphDef") -> bytes | None:
    """Return the message as protobuf writes it, or None if it is refused."""
    try:
        raw, unknown = to_wire(text, kind)
    except TextError:
        return None
    assert unknown == []
    return bytes(message(kind).FromString(raw).SerializeToString(deterministic=True))


def theirs(text: str, kind: str = "GraphDef") -> bytes | None:
    try:
        return bytes(text_format.Parse(text, message(kind)()).SerializeToString(deterministic=True))
    except text_format.ParseError:
        return None


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.pbtxt")), ids=lambda path: path.name)
def test_samples_are_read_alike(path: Path) -> None:
    text = path.read_text("utf-8")
    kind = next(
        kind
        for word, kind in (("meta_graphs", "SavedModel"), ("graph_def", "MetaGraphDef"), ("node", "GraphDef"))
        if word in text
    )
    assert read(text, kind) == theirs(text, kind) is not None


@pytest.mark.parametrize(
    "text",
    [
        'node { name: "a\\303\\251" op: \'x\' "y" input: "a" input: ["b", "c"] }',
        'node < name: "a"; >, node {}',
        'node [{name: "a"}, {name: "b"}] node: []',
        "versions { producer: 0x10 bad_consumers: [1, 2] bad_consumers: 3 }",
        'node { attr { key: "T" value { type: DT_FLOAT_REF } } attr { key: "U" value { type: 77 } } }',
        'node { attr { key: "l" value { list { i: [1, -2] f: 1.5f f: nan f: -inf s: "\\001\\xff" b: true b: 0 } } } }',
        'node { attr { key: "f" value { f: 1e400 } } attr { key: "g" value { f: .5 } } }',
        'node { op: "\\u00e9\\"\\n" }  # a comment',
        'node {\n  attr {\n    key: "T"\n    value {\n      type: DT_INT32\n    }\n  }\n  name: "\u00e9"\n}\n',
        'node {\n  attr { key: "T" value {\n  }\n } name: "odd indentation" }',
        "debug_info { frames_by_id { key: 3 value { line: 2 } } }",
        'library { function { ret { key: "a" value: "b" } } }',
        "",
        "# nothing",
        'node { name: "a" name: "b" }',
        "node { name: 3 }",
        'node { name "a" }',
        'node { name: "a" } }',
        "node {",
        'node { name: "a',
        'node { attr { key: "x" value { i: 1 b: true } } }',
        'node { attr { key: "x" value { i: 99999999999999999999 } } }',
        'node { attr { key: "x" value { type: DT_NOTHING } } }',
        "versions { producer: 1.0 }",
        "versions { producer: }",
        'node { name: "\\377" }',
    ],
)
def test_texts_are_read_or_refused_alike(text: str) -> None:
    assert read(text) == theirs(text)


@given(st.text(alphabet="node{}<>:[]\"'\\ a1-.,;#\n", max_size=30))
def test_nothing_but_a_refusal_comes_of_nonsense(text: str) -> None:
    try:
        raw, unknown = to_wire(text, "GraphDef")
    except TextError as error:
        assert str(error).startswith("line ")
    else:
        assert unknown or message("GraphDef").FromString(raw) is not None


def test_a_message_of_any_type_is_expanded() -> None:
    text = (
        'collection_def { key: "assets" value { any_list { value { '
        '[type.googleapis.com/tensorflow.AssetFileDef] { filename: "words.txt" } } } } }'
    )
    message("AssetFileDef")
    assert read(text, "MetaGraphDef") == theirs(text, "MetaGraphDef") is not None


def test_unknown_fields_are_passed_over_and_named() -> None:
    raw, unknown = to_wire('node { brand_new { a: [1, 2] b { } } name: "a" other: "b" "c" }', "GraphDef")

    assert [node.name for node in message("GraphDef").FromString(raw).node] == ["a"]
    assert len(unknown) == 2 and "brand_new" in unknown[0]


def test_an_error_names_its_line() -> None:
    with pytest.raises(TextError, match="line 3: "):
        to_wire('node {\n  name: "a"\n  op: 7\n}', "GraphDef")


def test_a_long_string_costs_in_proportion() -> None:
    """TensorFlow prints contents of constants byte by byte, `\\000\\075`: four characters for one byte."""
    content = bytes(range(256)) * 4_000
    node = message("GraphDef")()
    node.node.add(name="c", op="Const").attr["value"].tensor.tensor_content = content
    text = text_format.MessageToString(node)

    tracemalloc.start()
    try:
        found, _ = to_wire(text, "GraphDef")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert message("GraphDef").FromString(found) == node
    assert peak < 8 * len(text)
