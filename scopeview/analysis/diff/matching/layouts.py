"""Whether the shapes of two modules allow that they are one, in one reading of the sides' kernel layouts."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from scopeview.analysis.diff.matching import roles
from scopeview.analysis.diff.matching.entries import Shape
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.tokens import tokens_of

Signature = tuple[tuple[str, Shape, str], ...]
"""Role, shape and dtype of every variable of a module, and whether it looks up rows of a table."""

RESHAPED = 0.9
_SAME_IN_OTHER_LAYOUT = 0.8
_NAMELESS = 0.85
_UNSHARED = 0.05
_CONVENTIONS = (("kernel", "weight"), ("weight", "kernel"), ("weights", "weight"), ("weight", "weights"))
"""Last words of kernels on both sides, where these keep them in different layouts."""
_PERMUTATIONS: dict[int, tuple[tuple[int, ...], ...]] = {
    2: ((1, 0),),
    3: ((2, 1, 0),),
    4: ((3, 2, 0, 1), (2, 3, 0, 1)),
    5: ((4, 3, 0, 1, 2),),
}
"""How a kernel of TensorFlow becomes one of PyTorch: dense, 1-D, 2-D, depthwise and 3-D convolutions."""


def permuting_axes(name: str, a: Shape, b: Shape, other_name: str = "") -> tuple[int, ...]:
    """Return the order of A's axes that gives B, for a variable of sides in different layouts; empty if it stays.

    A square kernel is turned as all others are, and a square table of rows that are looked up is not, if either side
    names it so; where several orders give the shape, the first that is usual.

    Args:
        name: its name on side A.
        a: its shape there.
        b: its shape on side B.
        other_name: its name on side B.
    """
    if a == b and any(_is_table(text, a) for text in (name, other_name)):
        return ()
    role = roles.role_of(name, a)[0]
    if a is None or b is None or len(a) != len(b) or len(a) < 2 or not role.startswith((roles.KERNEL, "weight")):
        return ()
    orders = _PERMUTATIONS.get(len(a), ())
    inverse = tuple(tuple(order.index(axis) for axis in range(len(order))) for order in orders)
    return next((order for order in (*orders, *inverse) if _permuted(a, order) == b), ())


def differ_by_convention(pairs: Iterable[tuple[str, Shape, str, Shape]]) -> bool:
    """Whether kernels are stored in other layouts as far as their names say, where shapes say nothing: all are square.

    PyTorch calls a kernel `weight` and keeps it as (out, in); `kernel` and `weights` are TensorFlow's, as (in, out).

    Args:
        pairs: name and shape on side A, name and shape on side B of matched variables.
    """
    is_square: dict[tuple[str, str], bool] = {}
    for name, shape, other, other_shape in pairs:
        role, _, leaf = roles.role_of(name, shape)
        if role != roles.KERNEL or shape is None or len(shape) < 2 or _is_table(name, shape) or _is_table(other, shape):
            continue
        spelled = leaf, roles.role_of(other, other_shape)[2]
        is_square[spelled] = is_square.get(spelled, True) and shape == other_shape and len(set(shape)) == 1
    return any(is_square.get(spelled, False) for spelled in _CONVENTIONS)


def _is_table(name: str, shape: Shape) -> bool:
    """Whether a name ends with a word for tables of which rows are looked up."""
    _, stem, leaf = roles.role_of(name, shape)
    words = [*tokens_of(stem)[-1:], *tokens_of(leaf)]
    return "embedding" in words


def signature_of(module: Module) -> Signature:
    """Return what a module must agree in with its counterpart."""
    is_table = "embedding" in module.tokens or any(i.name.endswith("embeddings") for i in module.members.values())
    rows = [(role, item.shape, item.dtype) for role, item in module.members.items()]
    rows.sort(key=lambda row: row[0])
    return (*rows, ("table" if is_table else "norm" if module.is_norm else "", None, ""))


def agreement(a: Signature, b: Signature, is_transposed: bool) -> float:
    """Return how well two signatures agree: 0 if they cannot be one module, 1 if in all."""
    kinds = {a[-1][0], b[-1][0]}
    of_a = {role: (shape, dtype) for role, shape, dtype in a[:-1]}
    of_b = {role: (shape, dtype) for role, shape, dtype in b[:-1]}
    shared = of_a.keys() & of_b.keys()
    if not shared:
        return _nameless(of_a, of_b)
    if "norm" in kinds and len(kinds) > 1 and roles.KERNEL in of_a.keys() | of_b.keys():
        return 0.0
    found = 1.0
    for role in shared:
        (shape_a, dtype_a), (shape_b, dtype_b) = of_a[role], of_b[role]
        permutes = is_transposed and role.startswith((roles.KERNEL, "weight"))
        likeness = _shapes(shape_a, shape_b, permutes, "table" in kinds) if dtype_a == dtype_b else 0.0
        if not likeness:
            return 0.0
        found = min(found, likeness)
    unshared = (of_a.keys() ^ of_b.keys()) - {roles.COUNT}
    return max(0.5, found - _UNSHARED * len(unshared))


def _nameless(of_a: dict[str, tuple[Shape, str]], of_b: dict[str, tuple[Shape, str]]) -> float:
    """Compare a variable without a known role with one that has one."""
    if len(of_a) != 1 or len(of_b) != 1 or roles.OTHER not in of_a.keys() | of_b.keys():
        return 0.0
    return _NAMELESS if next(iter(of_a.values())) == next(iter(of_b.values())) else 0.0


def _shapes(a: Shape, b: Shape, permutes: bool, is_table: bool) -> float:
    if a is None or b is None:
        return RESHAPED
    if permutes and not is_table and len(a) == len(b) > 1:
        if any(_permuted(a, axes) == b or _permuted(b, axes) == a for axes in _PERMUTATIONS.get(len(a), ())):
            return 1.0
        return _SAME_IN_OTHER_LAYOUT if a == b else 0.0
    if a == b:
        return 1.0
    return RESHAPED if is_reshape(a, b) else 0.0


def is_reshape(a: Shape, b: Shape) -> bool:
    """Whether one shape is the other with axes of length 1, or with all but the last axis joined."""
    if a is None or b is None or None in a or None in b or not a or not b:
        return False
    squeezed_a, squeezed_b = [n for n in a if n != 1], [n for n in b if n != 1]
    if squeezed_a == squeezed_b:
        return True
    sizes = prod(n for n in a if n is not None), prod(n for n in b if n is not None)
    return sizes[0] == sizes[1] and a[-1] == b[-1] and min(len(a), len(b)) > 1


def _permuted(shape: tuple[int | None, ...], axes: tuple[int, ...]) -> tuple[int | None, ...]:
    return tuple(shape[axis] for axis in axes)


def content_key(role: str, shape: Shape) -> tuple[str, tuple[int, ...]]:
    """Return what a variable adds to the content of a scope, whatever the layout."""
    return role, tuple(sorted(n or 0 for n in shape if n != 1)) if shape else ()
