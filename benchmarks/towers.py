"""Write GraphDefs of any size without TensorFlow: equal towers, and one long series of layers.

    python benchmarks/towers.py --copies 10 GRAPH.meta OUT.pb

Equal towers are copies of one real graph (`training_graph.py` makes one), each below a scope of its own. This is what a
replicated model looks like, and what folding, hashing and lint work hardest on.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from scopeview.readers.protobuf import wire

_META_GRAPH, _NODE = 2, 1
_NAME, _INPUT, _ATTRIBUTE = 1, 3, 5
_COLOCATED = b"loc:@"


def varint(value: int) -> bytes:
    """Encode a number of 0 or more."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def block(number: int, content: bytes) -> bytes:
    """Encode a string, bytes or message field."""
    return varint(number << 3 | wire.LENGTH) + varint(len(content)) + content


def parts(raw: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, content and full bytes of each field; the content of numbers is empty."""
    position = 0
    for field in wire.fields(raw):
        content = raw[field.start : field.end] if field.wire_type == wire.LENGTH else b""
        yield field.number, content, raw[position : field.end]
        position = field.end


def nodes_of(meta_graph: bytes) -> list[bytes]:
    """Return the NodeDefs of a MetaGraphDef."""
    graphs = [content for number, content, _ in parts(meta_graph) if number == _META_GRAPH]
    return [content for graph in graphs for number, content, _ in parts(graph) if number == _NODE]


def below(node: bytes, scope: bytes) -> bytes:
    """Return a NodeDef with its name, inputs and colocations moved below a scope."""
    moved = []
    for number, content, whole in parts(node):
        if number == _NAME:
            moved.append(block(number, scope + b"/" + content))
        elif number == _INPUT:
            mark = b"^" if content.startswith(b"^") else b""
            moved.append(block(number, mark + scope + b"/" + content.removeprefix(b"^")))
        elif number == _ATTRIBUTE and _COLOCATED in content:
            moved.append(block(number, _colocated(content, scope)))
        else:
            moved.append(whole)
    return b"".join(moved)


def _colocated(entry: bytes, scope: bytes) -> bytes:
    """Move `_class {list {s: "loc:@op"}}` below a scope."""
    (_, _, key), (_, value, _) = parts(entry)
    ((_, names, _),) = parts(value)
    renamed = b"".join(
        block(2, _COLOCATED + scope + b"/" + content.removeprefix(_COLOCATED)) for _, content, _ in parts(names)
    )
    return key + block(2, block(1, renamed))


def equal_towers(nodes: Iterable[bytes], copies: int) -> Iterator[bytes]:
    """Yield the encoded nodes of a graph that holds a graph so many times, below `tower_0`, `tower_1`, ..."""
    nodes = list(nodes)
    for copy in range(copies):
        scope = f"tower_{copy}".encode()
        yield from (block(_NODE, below(node, scope)) for node in nodes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--copies", type=int, default=10)
    arguments = parser.parse_args()
    with arguments.target.open("wb") as file:
        file.writelines(equal_towers(nodes_of(arguments.source.read_bytes()), arguments.copies))
    print(f"{arguments.target.stat().st_size / 1e6:.1f} MB in {arguments.target}")


if __name__ == "__main__":
    main()
