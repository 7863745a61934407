"""Whether the shapes of two modules allow that they are one, in one reading of the sides' kernel layouts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
_CONVOLUTION_RANK = 4
_PARTS_OF_DENSE = frozenset({roles.KERNEL, roles.SHIFT})
_PARTS_OF_NORM = frozenset({roles.GAIN, roles.SHIFT, roles.MEAN, roles.VARIANCE})
_PERMUTATIONS: dict[int, tuple[tuple[int, ...], ...]] = {
    2: ((1, 0),),
    3: ((2, 1, 0),),
    4: ((3, 2, 0, 1), (2, 3, 0, 1)),
    5: ((4, 3, 0, 1, 2),),
}
"""How a kernel of TensorFlow becomes one of PyTorch: dense, 1-D, 2-D, depthwise and 3-D convolutions."""


def permuting_axes(names: tuple[str, str], a: Shape, b: Shape, turned: int = 0) -> tuple[int, ...]:
    """Return the order of A's axes that gives B, for a variable of sides in different layouts; empty if it stays.

    A square kernel is turned as all others are, and a square table of rows that are looked up is not, if either side
    names it so; where several orders give the shape, the first that is usual.

    Args:
        names: its name on side A, and on side B.
        a: its shape on side A.
        b: its shape on side B.
        turned: the `direction_of` the sides: -1 if A is PyTorch's.
    """
    if a == b and any(_is_table(name, a) for name in names):
        return ()
    is_kernel = any(roles.role_of(name, a)[0].startswith((roles.KERNEL, "weight")) for name in names)
    if a is None or b is None or len(a) < 2 or not is_kernel:
        return ()
    if len(a) != len(b):
        return _swapped_axes(a, b) or _axes_with_heads(a, b)
    inverse = tuple(tuple(order.index(axis) for axis in range(len(order))) for order in _orders(b))
    orders = (*inverse, *_orders(a)) if turned < 0 else (*_orders(a), *inverse)
    return next((order for order in orders if _permuted(a, order) == b), ())


def direction_of(pairs: Sequence[tuple[str, Shape, str, Shape]]) -> int:
    """Return 1 if A's kernels are TensorFlow's and B's are PyTorch's, -1 for the reverse, 0 where nothing says it.

    Convolutions say it by their windows, else the last words of kernels by convention.

    Args:
        pairs: name and shape on side A, name and shape on side B of matched variables.
    """
    found = direction([(("", pair[1], ""),) for pair in pairs], [(("", pair[3], ""),) for pair in pairs])
    if found:
        return found
    words = [(roles.role_of(pair[0], pair[1])[2], roles.role_of(pair[2], pair[3])[2]) for pair in pairs]
    theirs = sum(pair in _CONVENTIONS and pair[1] == "weight" for pair in words)
    ours = sum(pair in _CONVENTIONS and pair[0] == "weight" for pair in words)
    return (theirs > ours) - (ours > theirs)


def _swapped_axes(a: tuple[int | None, ...], b: tuple[int | None, ...]) -> tuple[int, ...]:
    """Return A's axes, the two that are longer than 1 swapped, where that gives B's: a dense layer as 1x1 windows."""
    long = [axis for axis, size in enumerate(a) if size != 1]
    if len(long) != 2 or [a[long[1]], a[long[0]]] != [size for size in b if size != 1]:
        return ()
    order = list(range(len(a)))
    order[long[0]], order[long[1]] = long[1], long[0]
    return tuple(order)


def _axes_with_heads(a: tuple[int | None, ...], b: tuple[int | None, ...]) -> tuple[int, ...]:
    """Return A's axes in the order of B's, where one side gives the heads of attention an axis of their own.

    Keras's MultiHeadAttention has (in, heads, size) and, behind it, (heads, size, out); PyTorch has (out, in).
    """
    (short, long), is_long_a = ((b, a), True) if len(a) > len(b) else ((a, b), False)
    if len(long) != 3 or len(short) != 2 or None in a or None in b:
        return ()
    first, heads, last = (size or 0 for size in long)
    if (first * heads, last) == short[::-1]:
        return (2, 0, 1) if is_long_a else (1, 0)
    if (first, heads * last) == short[::-1]:
        return (1, 2, 0) if is_long_a else (1, 0)
    return ()


def _orders(shape: tuple[int | None, ...]) -> tuple[tuple[int, ...], ...]:
    """Return how a kernel of TensorFlow of this shape may become one of PyTorch.

    A depthwise kernel (rows, columns, channels, 1) keeps its channels first, a convolution what it gives out.
    """
    orders = _PERMUTATIONS.get(len(shape), ())
    return orders if len(shape) != _CONVOLUTION_RANK or shape[-1] == 1 else orders[:1]


def differ_by_convention(pairs: Iterable[tuple[str, Shape, str, Shape]]) -> bool:
    """Whether matched kernels are stored in other layouts: their shapes say it, or their names where all are square.

    PyTorch calls a kernel `weight` and keeps it as (out, in); `kernel` and `weights` are TensorFlow's, as (in, out).

    Args:
        pairs: name and shape on side A, name and shape on side B of matched variables.
    """
    is_square: dict[tuple[str, str], bool] = {}
    shown = 0
    for name, shape, other, other_shape in pairs:
        if name == other:  # spelled alike, which says nothing
            continue
        role, _, leaf = roles.role_of(name, shape)
        if role != roles.KERNEL or shape is None or len(shape) < 2 or _is_table(name, shape) or _is_table(other, shape):
            continue
        spelled = leaf, roles.role_of(other, other_shape)[2]
        if spelled[0] != spelled[1]:  # of one framework a kernel of other sizes is another kernel
            shown += -1 if shape == other_shape and len(set(shape)) > 1 else _is_turned(shape, other_shape)
        is_square[spelled] = is_square.get(spelled, True) and shape == other_shape and len(set(shape)) == 1
    return shown > 0 or any(is_square.get(spelled, False) for spelled in _CONVENTIONS)


def _is_turned(a: tuple[int | None, ...], b: Shape) -> bool:
    """Whether one of two different shapes is the other in an order of axes that is usual."""
    if b is None or len(a) != len(b) or a == b:
        return False
    return any(_permuted(one, axes) == other for one, other in ((a, b), (b, a)) for axes in _orders(one))


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


def direction(a: Iterable[Signature], b: Iterable[Signature]) -> int:
    """Return 1 if A's convolutions have their window first and B's have it last, -1 for the reverse, else 0.

    A kernel of TensorFlow is (rows, columns, in, out), one of PyTorch (out, in, rows, columns); windows are square.
    """
    first_a, first_b = (_windows_first(side) for side in (a, b))
    return (first_a > 0 > first_b) - (first_b > 0 > first_a)


def _windows_first(side: Iterable[Signature]) -> int:
    """Return how many more convolutions have a square window first than last."""
    shapes = [shape for signature in side for _, shape, _ in signature if shape and len(shape) == _CONVOLUTION_RANK]
    return sum((shape[0] == shape[1]) - (shape[2] == shape[3]) for shape in shapes)


def agreement(a: Signature, b: Signature, is_transposed: bool, turned: int = 0) -> float:
    """Return how well two signatures agree: 0 if they cannot be one module, 1 if in all.

    Args:
        a: of a module of one side.
        b: of a module of the other.
        is_transposed: whether kernels are read as stored in different layouts.
        turned: the `direction` from A to B, where it is known.
    """
    kinds = {a[-1][0], b[-1][0]}
    of_a = {role: (shape, dtype) for role, shape, dtype in a[:-1]}
    of_b = {role: (shape, dtype) for role, shape, dtype in b[:-1]}
    shared = of_a.keys() & of_b.keys()
    if not shared:
        return _nameless(of_a, of_b) or _parts_of_one(of_a, of_b)
    if "norm" in kinds and len(kinds) > 1 and roles.KERNEL in of_a.keys() | of_b.keys():
        return 0.0
    found = 1.0
    for role in shared:
        (shape_a, dtype_a), (shape_b, dtype_b) = of_a[role], of_b[role]
        permutes = is_transposed and role.startswith((roles.KERNEL, "weight"))
        permuted = turned or 2 if permutes and "table" not in kinds else None
        likeness = _shapes(shape_a, shape_b, permuted) if dtype_a == dtype_b else 0.0
        if not likeness:
            return 0.0
        found = min(found, likeness)
    unshared = (of_a.keys() ^ of_b.keys()) - {roles.COUNT, roles.MAGNITUDE}
    return max(0.5, found - _UNSHARED * len(unshared))


def _nameless(of_a: dict[str, tuple[Shape, str]], of_b: dict[str, tuple[Shape, str]]) -> float:
    """Compare a variable without a known role with one that has one."""
    if len(of_a) != 1 or len(of_b) != 1 or roles.OTHER not in of_a.keys() | of_b.keys():
        return 0.0
    return _NAMELESS if next(iter(of_a.values())) == next(iter(of_b.values())) else 0.0


def _parts_of_one(of_a: dict[str, tuple[Shape, str]], of_b: dict[str, tuple[Shape, str]]) -> float:
    """Compare modules without a common role: each may lack what the other has, so neither is out of the question."""
    found = [*of_a.items(), *of_b.items()]
    is_layer = all(role in _PARTS_OF_DENSE for role, _ in found) or all(role in _PARTS_OF_NORM for role, _ in found)
    last = {(shape[-1] if shape else None, dtype) for _, (shape, dtype) in found}
    return 1 - _UNSHARED * len(found) if is_layer and len(last) == 1 else 0.0


def _shapes(a: Shape, b: Shape, turned: int | None) -> float:
    """Compare two shapes; `turned` says from which side kernels are turned (2: from either), None that none is."""
    if a is None or b is None:
        return RESHAPED
    if turned is not None and len(a) == len(b) > 1:
        ways = ((a, b), (b, a))[turned < 0 : 2 if turned != 1 else 1]
        if any(_permuted(one, axes) == other for one, other in ways for axes in _orders(one)):
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
    """Return what a variable adds to a scope, whatever the layout; a matrix without a role is a kernel.

    The two biases of a recurrent layer of PyTorch are biases like the one that Keras has.
    """
    role = roles.SHIFT if role.startswith("bias:") else role
    role = roles.KERNEL if role == roles.OTHER and shape is not None and len(shape) > 1 else role
    return role, tuple(sorted(n or 0 for n in shape if n != 1)) if shape else ()
