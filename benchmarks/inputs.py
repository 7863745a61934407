"""Write the inputs of the benchmarks that need no TensorFlow to be made.

python benchmarks/inputs.py frozen --gigabytes 1.5 OUT.pb      a frozen graph: few ops, large weights
python benchmarks/inputs.py checkpoint --entries 200000 OUT    an index of many entries, with a data file
python benchmarks/inputs.py towers --copies 16 OUT.pb          towers that differ, with variables of their own
python benchmarks/inputs.py functions --functions 300 OUT      a SavedModel whose functions call one another
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from towers import block, varint

from scopeview.writers.checkpoint import write_checkpoint
from scopeview.writers.tensors import TensorToWrite

_FLOAT = 1
_PATTERN_BYTES = 1 << 20


def number(field: int, value: int) -> bytes:
    """Encode a varint field."""
    return varint(field << 3) + varint(value)


def shape(sizes: Iterable[int]) -> bytes:
    """Encode a TensorShapeProto."""
    return b"".join(block(2, number(1, size)) for size in sizes)


def attribute(name: str, value: bytes) -> bytes:
    """Encode an entry of a NodeDef's map of attributes."""
    return block(5, block(1, name.encode()) + block(2, value))


def node(name: str, op: str, inputs: Iterable[str] = (), attributes: Iterable[bytes] = ()) -> bytes:
    """Encode a NodeDef."""
    fed = b"".join(block(3, one.encode()) for one in inputs)
    return block(1, name.encode()) + block(2, op.encode()) + fed + b"".join(attributes)


def float_type(name: str = "T") -> bytes:
    """Encode the attribute that says float32."""
    return attribute(name, number(6, _FLOAT))


def frozen_graph(gigabytes: float, layers: int = 119) -> Iterator[bytes]:
    """Yield the encoded nodes of a frozen network: for each layer a weight, its read and a MatMul."""
    rng = np.random.default_rng(3)
    width = 1024
    rows = int(gigabytes * 1e9 / layers / width / 4)
    pattern = rng.standard_normal(_PATTERN_BYTES // 4, dtype=np.float32).tobytes()
    size = rows * width * 4
    content = (pattern * (size // len(pattern) + 1))[:size]
    tensor = block(8, number(1, _FLOAT) + block(2, shape([rows, width])) + block(4, content))
    yield block(1, node("x", "Placeholder", (), [float_type("dtype")]))
    before = "x"
    for layer in range(layers):
        scope = f"net/layer_{layer}"
        yield block(1, node(f"{scope}/w", "Const", (), [float_type("dtype"), attribute("value", tensor)]))
        yield block(1, node(f"{scope}/w/read", "Identity", [f"{scope}/w"], [float_type()]))
        yield block(1, node(f"{scope}/MatMul", "MatMul", [before, f"{scope}/w/read"], [float_type()]))
        before = f"{scope}/MatMul"


def checkpoint_entries(entries: int, *, renamed: bool = False) -> Iterator[TensorToWrite]:
    """Yield small variables of a network with two optimizer slots each; in a second version every tenth is renamed."""
    for number_of in range(entries // 3):
        block_name = "new" if renamed and number_of // 100 % 10 == 0 else "block"
        name = f"{block_name}_{number_of // 100}/layer_{number_of % 100}/w"
        for slot in ("", "/Adam", "/Adam_1"):
            value = np.full(8, number_of + len(slot), dtype=np.float32)
            yield TensorToWrite(name + slot, "float32", (2, 4), lambda value=value: iter([value]))


def different_towers(copies: int, layers: int, seed: int = 3) -> Iterator[bytes]:
    """Yield the encoded nodes of towers that are alike and never equal, each layer of its own width and kind."""
    chance = random.Random(seed)
    yield block(1, node("x", "Placeholder", (), [float_type("dtype")]))
    for copy in range(copies):
        before = "x"
        for layer in range(layers):
            scope = f"tower_{copy}/{chance.choice(('conv', 'dense', 'attention'))}_{layer}"
            size = attribute("shape", block(7, shape([chance.randrange(8, 512), chance.randrange(8, 512)])))
            yield block(1, node(f"{scope}/w", "VariableV2", (), [float_type("dtype"), size]))
            yield block(1, node(f"{scope}/w/read", "Identity", [f"{scope}/w"], [float_type()]))
            zeros = node(f"{scope}/w/Initializer/zeros", "Const", (), [float_type("dtype")])
            yield block(1, zeros)
            yield block(1, node(f"{scope}/w/Assign", "Assign", [f"{scope}/w", f"{scope}/w/Initializer/zeros"]))
            yield block(1, node(f"{scope}/MatMul", "MatMul", [before, f"{scope}/w/read"], [float_type()]))
            for step in range(chance.randrange(1, 12)):
                kind = chance.choice(("Relu", "Tanh", "Neg", "Square"))
                yield block(1, node(f"{scope}/{kind}_{step}", kind, [f"{scope}/MatMul"], [float_type()]))
            before = f"{scope}/MatMul"


def many_functions(functions: int, ops: int = 40) -> bytes:
    """Return a SavedModel whose main graph calls the first of a chain of functions, each with ops of its own."""
    library = []
    for which in range(functions):
        argument = block(1, b"x") + number(3, _FLOAT)
        result = block(1, b"y") + number(3, _FLOAT)
        signature = block(1, f"f_{which}".encode()) + block(2, argument) + block(3, result)
        body = [node("n_0", "Neg", ["x"], [float_type()])]
        body += [node(f"n_{place}", "Neg", [f"n_{place - 1}:y:0"], [float_type()]) for place in range(1, ops)]
        if which + 1 < functions:
            called = attribute("f", block(10, block(1, f"f_{which + 1}".encode())))
            body.append(node("call", "PartitionedCall", [f"n_{ops - 1}:y:0"], [called]))
        returned = block(4, block(1, b"y") + block(2, f"n_{ops - 1}:y:0".encode()))
        library.append(block(1, block(1, signature) + b"".join(block(3, one) for one in body) + returned))
    call = node("call", "PartitionedCall", ["x"], [attribute("f", block(10, block(1, b"f_0")))])
    nodes = [node("x", "Placeholder", (), [float_type("dtype")]), call]
    graph = b"".join(block(1, one) for one in nodes) + block(2, b"".join(library))
    return number(1, 1) + block(2, block(1, block(4, b"serve")) + block(2, graph))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["frozen", "checkpoint", "towers", "functions"])
    parser.add_argument("target", type=Path)
    parser.add_argument("--gigabytes", type=float, default=1.5)
    parser.add_argument("--entries", type=int, default=200_000)
    parser.add_argument("--renamed", action="store_true", help="a second version of the checkpoint")
    parser.add_argument("--copies", type=int, default=16)
    parser.add_argument("--layers", type=int, default=600)
    parser.add_argument("--functions", type=int, default=300)
    arguments = parser.parse_args()
    if arguments.kind == "checkpoint":
        write_checkpoint(arguments.target, checkpoint_entries(arguments.entries, renamed=arguments.renamed))
    elif arguments.kind == "functions":
        arguments.target.mkdir(exist_ok=True)
        (arguments.target / "saved_model.pb").write_bytes(many_functions(arguments.functions))
    else:
        is_frozen = arguments.kind == "frozen"
        nodes = frozen_graph(arguments.gigabytes) if is_frozen else different_towers(arguments.copies, arguments.layers)
        with arguments.target.open("wb") as file:
            file.writelines(nodes)


if __name__ == "__main__":
    main()
