from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopeview.errors import DamagedError
from scopeview.readers import text_format
from tests.messages import message
from tests.places import SAMPLES


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'node { name: "a" op: "NoOp" }', "graph_def_text"),
        (b'# comment { braces\nnode <name: "a">', "graph_def_text"),
        (b"versions { producer: 9 }", "graph_def_text"),
        (b"# only comments\n\n# and no field", "graph_def_text"),
        (b"meta_info_def { }", "meta_graph_text"),
        (b"saved_model_schema_version: 1", "saved_model_text"),
        (b'model_checkpoint_path: "m"', "checkpoint_state"),
        (b"\xef\xbb\xbfnode { }", "graph_def_text"),
        (b"feed { } fetch { }", ("feed", "fetch")),
        (b"just words", ()),
        (b"", ()),
        (b"\x00binary", ()),
        (b"\xff\xfe", ()),
    ],
)
def test_top_level_fields_decide(content: bytes, kind: object) -> None:
    assert text_format.text_kind(content) == kind


def test_a_head_that_ends_inside_a_character_is_still_text() -> None:
    assert text_format.text_kind('node { name: "caf\u00e9"'.encode()[:-2]) == "graph_def_text"


@given(st.data())
def test_a_text_that_is_cut_anywhere_gives_whole_nodes_or_one_sentence(data: st.DataObject) -> None:
    whole = (SAMPLES / "m02_nested_scopes.pbtxt").read_bytes()
    cut = data.draw(st.integers(1, len(whole)))
    nodes = message("GraphDef").FromString(text_format.to_wire(whole, "graph_def_text", "x")[0]).node

    try:
        raw, notes = text_format.to_wire(whole[:cut], "graph_def_text", "x.pbtxt")
    except DamagedError as error:
        assert "x.pbtxt looks like a GraphDef in text format but does not parse" in str(error)
        return
    found = message("GraphDef").FromString(raw).node
    assert list(found) == list(nodes[: len(found)])
    assert notes or len(found) == len(nodes) or whole[:cut].rstrip().endswith(b"}")


def test_fields_that_are_not_known_are_left_out_and_named(tmp_path: object) -> None:
    raw, notes = text_format.to_wire(b'node { name: "a" op: "NoOp" brand_new: 3 }', "graph_def_text", "x")

    assert [node.name for node in message("GraphDef").FromString(raw).node] == ["a"]
    assert "brand_new" in notes[0]
