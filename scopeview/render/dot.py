"""A drawn graph in the languages of other tools: DOT for Graphviz, GraphML for everything else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping

from scopeview.analysis.graph_view.expanded import WholeGraph
from scopeview.analysis.graph_view.nodes import GraphItem, ItemKind
from scopeview.analysis.graph_view.subgraph import GraphLink
from scopeview.render.colors import light

_SHAPES: Mapping[ItemKind, str] = {
    "variable": "ellipse",
    "scope": "box3d",
    "group": "folder",
    "op": "box",
    "call": "component",
    "argument": "cds",
}
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets)."""


def to_dot(graph: WholeGraph) -> str:
    """Write DOT: opened scopes are clusters, lines run from producers to consumers, upwards."""
    lines = ["digraph scopeview {", "  rankdir=BT;", '  node [fontname="monospace", fontsize=10];']
    lines += ["  edge [fontsize=9];", "  compound=true;"]
    lines += _boxes(graph)
    lines += [
        f"  n{len(graph.nodes) + index} [label={_quoted(outside.label)}, shape=plain, tooltip={_quoted(outside.id)}];"
        for index, outside in enumerate(graph.outside)
    ]
    lines += [f"  n{link.source} -> n{link.target} [{_line(link)}];" for link in graph.links]
    return "\n".join([*lines, "}", ""])


def _boxes(graph: WholeGraph) -> Iterator[str]:
    """Yield nodes and clusters, nested as the scopes are; the stack holds what is still to be closed."""
    inside: dict[int, list[int]] = {}
    for index, node in enumerate(graph.nodes):
        inside.setdefault(node.parent, []).append(index)
    stack = [iter(inside.get(-1, []))]
    while stack:
        index = next(stack[-1], -1)
        indent = "  " * len(stack)
        if index < 0:
            stack.pop()
            if stack:
                yield f"{'  ' * len(stack)}}}"
        elif graph.nodes[index].is_open:
            yield f"{indent}subgraph cluster_{index} {{"
            yield f"{indent}  label={_quoted(graph.nodes[index].item.label)};"
            stack.append(iter(inside.get(index, [])))
        else:
            yield f"{indent}n{index} [{_box(graph.nodes[index].item)}];"


def _box(item: GraphItem) -> str:
    label = item.label if item.total_members == 1 else f"{item.label} ×{item.total_members}"
    below = item.type if item.kind in ("op", "call") else f"{item.ops} ops" if item.kind == "scope" else ""
    parts = [f"label={_quoted(label, below)}", f"shape={_SHAPES[item.kind]}", f"tooltip={_quoted(item.path)}"]
    if item.uses > 1:
        parts.append(f'color="{light("shared")}", penwidth=2')
    if item.hidden_by is not None:
        parts.append("style=dashed")
    return ", ".join(parts)


def _line(link: GraphLink) -> str:
    label = (
        _shape(link)
        if link.tensors == 1 and link.shape_known
        else f"{link.tensors} tensors"
        if link.tensors > 1
        else ""
    )
    style = "dashed" if not link.data else "solid"
    color = "write" if link.writes else "shared" if link.weights == link.data > 0 else ""
    return f"label={_quoted(label)}, style={style}" + (f', color="{light(color)}"' if color else "")


def _shape(link: GraphLink) -> str:
    sizes = "×".join("?" if size is None else str(size) for size in link.shape or ()) or "scalar"
    return "…" if link.shape is None else sizes


def _quoted(*lines: str) -> str:
    """Quote text for DOT: a name may hold quotes, backslashes and line ends, and is never markup."""
    text = "\n".join(filter(None, lines)).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _NO_XML.sub("\ufffd", text).replace("\r", " ").replace("\n", "\\n") + '"'


def to_graphml(graph: WholeGraph) -> str:
    """Write GraphML: nodes with kind, type, counts and the opened scope they are in, links with what they stand for."""
    import networkx as nx

    made: nx.DiGraph[str] = nx.DiGraph()
    for index, node in enumerate(graph.nodes):
        item = node.item
        made.add_node(
            f"n{index}",
            label=_clean(item.label),
            path=_clean(item.path),
            kind=item.kind,
            type=_clean(item.type),
            role=item.role,
            ops=item.ops,
            members=item.total_members,
            uses=item.uses,
            open=node.is_open,
            parent=f"n{node.parent}" if node.parent >= 0 else "",
        )
    for index, outside in enumerate(graph.outside):
        made.add_node(
            f"n{len(graph.nodes) + index}", label=_clean(outside.label), path=_clean(outside.id), kind="outside"
        )
    for link in graph.links:
        made.add_edge(
            f"n{link.source}",
            f"n{link.target}",
            data=link.data,
            control=link.control,
            writes=link.writes,
            tensors=link.tensors,
            dtype=link.dtype or "",
            shape=_shape(link) if link.shape_known else "",
        )
    target = io.BytesIO()
    nx.write_graphml(made, target)
    return target.getvalue().decode()


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
