from __future__ import annotations

from pathlib import Path

import pytest

from sample_graphs.build_broken import field, graph_of
from scopeview.errors import UnknownFormatError
from scopeview.readers.foreign import foreign_name, foreign_text_name
from scopeview.readers.protocol import Content
from scopeview.readers.registry import reader_for
from tests.messages import message

KINDS = {"GraphDefReader": "graph_def", "MetaGraphReader": "meta_graph", "SavedModelReader": "saved_model"}


def sniff(path: Path) -> str:
    return KINDS[type(reader_for(Content(path))).__name__]


GRAPH = graph_of(("a/b", "MatMul", ("x", "^y")), ("x", "Placeholder", ()))
NODE = field(1, field(1, b"a") + field(2, b"NoOp"))
META_INFO = field(1, field(5, b"1.15.0") + field(4, b"serve"))
COLLECTION = field(4, field(1, b"variables") + field(2, b""))
LIBRARY = field(1, field(1, field(1, b"f")))
VERSIONS = field(4, b"\x08\x15")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (GRAPH, "graph_def"),
        (NODE, "graph_def"),
        (NODE + VERSIONS, "graph_def"),
        (VERSIONS + NODE, "graph_def"),
        (VERSIONS, "graph_def"),
        (field(2, LIBRARY), "graph_def"),
        (field(2, LIBRARY) + VERSIONS, "graph_def"),
        (field(2, LIBRARY) + NODE, "graph_def"),
        (b"\x18\x0a" + NODE, "graph_def"),
        (META_INFO + field(2, NODE), "meta_graph"),
        (field(2, NODE) + META_INFO, "meta_graph"),
        (META_INFO, "meta_graph"),
        (META_INFO + META_INFO + field(2, NODE), "meta_graph"),
        (META_INFO + COLLECTION, "meta_graph"),
        (field(2, NODE) + COLLECTION, "meta_graph"),
        (field(7, b"") + field(2, NODE), "meta_graph"),
        (COLLECTION, "meta_graph"),
        (b"\x08\x01" + field(2, META_INFO + field(2, NODE)), "saved_model"),
        (field(2, META_INFO + field(2, NODE)) + b"\x08\x01", "saved_model"),
        (field(2, META_INFO + field(2, NODE)), "saved_model"),
        (field(2, field(7, b"") + field(2, NODE)), "saved_model"),
        (b"\x08\x01", "saved_model"),
        (b"\x08\x01" + field(2, b""), "saved_model"),
    ],
)
def test_the_fields_of_a_message_decide_in_any_order(content: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "unknown"
    path.write_bytes(content)

    assert sniff(path) == kind


@pytest.mark.parametrize("size", [91, 123])
def test_a_graph_that_holds_json_is_a_graph(size: int, tmp_path: Path) -> None:
    """The length of the first node is "[" or "{"; stripped of its tag, a newline, the content would start like JSON."""
    rest = field(1, b"a") + field(2, b"NoOp")
    node = rest + field(6, b'{"a":1}'.ljust(size - len(rest) - 2))
    assert len(node) == size
    path = tmp_path / "graph.pb"
    path.write_bytes(field(1, node) + field(1, field(1, "caf\ufffd\ufffd\ufffd".encode()) + field(2, b"NoOp")))

    assert sniff(path) == "graph_def"


def test_keras_metadata_is_not_taken_for_a_graph(tmp_path: Path) -> None:
    path = tmp_path / "keras_metadata.pb"
    path.write_bytes(field(1, b"\x10\x01\x1a\x04root") + field(1, b"\x10\x02\x1a\x05layer"))

    with pytest.raises(UnknownFormatError):
        sniff(path)


@pytest.mark.parametrize(
    "content",
    [
        message("FingerprintDef")(saved_model_checksum=1 << 60, graph_def_program_hash=5).SerializeToString(),
        message("BundleHeaderProto")(num_shards=3, endianness=1).SerializeToString(),
        field(100, b"layer"),
        field(1, b"\xff\xff") * 3,
        b"\x00\x00\x00\x00",
        b"\x1d\x00\x00\x80\x3f",
    ],
)
def test_other_messages_and_bytes_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "unknown"
    path.write_bytes(content)

    with pytest.raises(UnknownFormatError):
        sniff(path)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"PK\x03\x04" + b"x" * 40, "a zip archive"),
        (b"\x80\x04\x95", "a Python pickle"),
        (b'{"a": [1, 2]}', "JSON"),
        (b'{"a": [1, 2', "JSON"),
        (b"<?xml version='1.0'?>", "an XML document"),
        (b"GGUF\x03", "a GGUF model"),
        (b"node {", None),
        (b"[section]\n", None),
        (b"", None),
    ],
)
def test_what_is_not_tensorflows_is_named(head: bytes, says: str | None) -> None:
    found = foreign_name(head) or foreign_text_name(head)

    assert (found is None) if says is None else (found is not None and found.startswith(says))
