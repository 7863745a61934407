"""Which norm stands with which kernel: the scope, or the beginning of a name, that they alone share.

A block may hold several batch norms of one size, and their names may say nothing: `block2a_bn` and `block2a_expand_bn`
are `block.1.1` and `block.0.1` of another code base. But `block2a_expand_conv` stands with the one, `block.0.0` with
the other, and where these two are known to be one layer, their norms are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from scopeview.analysis.diff.matching import roles
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.tokens import Token

_STATISTICS = frozenset({roles.MEAN, roles.VARIANCE})
_DEPTHWISE_RANK = 4

Names = Sequence[tuple[Token, ...]]


def companions_of(modules: Sequence[Module]) -> dict[int, int]:
    """Return for each batch norm the kernel that it stands with, and for each such kernel its norm.

    Of all kernels that give out as many channels, it is the only one that shares so long a beginning of its name with
    the norm, and the reverse. All scopes of one template must agree in that, and one of them must show that the norm
    has the channels that the kernel gives out and not those that it takes: a norm may stand before its kernel.

    Args:
        modules: the modules of a side.
    """
    names = [module.tokens for module in modules]
    norms = {index: size for index, module in enumerate(modules) if (size := _size_of_norm(module))}
    kernels = {index: sizes for index, module in enumerate(modules) if (sizes := _sizes_given(module))}
    beside_norm = _nearest(names, {n: {size} for n, size in norms.items()}, kernels)
    beside_kernel = _nearest(names, kernels, {n: {size} for n, size in norms.items()})
    mutual = {norm: kernel for norm, kernel in beside_norm.items() if beside_kernel.get(kernel) == norm}
    kept = _without_chance(modules, mutual, norms, kernels)
    return kept | {kernel: norm for norm, kernel in kept.items()}


def _size_of_norm(module: Module) -> int:
    """Return the channels of a norm that keeps statistics; 0 for any other module."""
    shapes = [module.members[role].shape for role in sorted(_STATISTICS & module.members.keys())]
    if not shapes or roles.KERNEL in module.members:
        return 0
    shape = shapes[0]
    return shape[0] or 0 if shape is not None and len(shape) == 1 else 0


def _sizes_given(module: Module) -> set[int]:
    """Return how many channels a kernel may give out, in any layout: its bias says it, else its first and last axis."""
    kernel, bias = module.members.get(roles.KERNEL), module.members.get(roles.SHIFT)
    if kernel is None or kernel.shape is None or len(kernel.shape) < 2 or module.is_norm:
        return set()
    if bias is not None and bias.shape is not None and len(bias.shape) == 1:
        return {bias.shape[0] or 0} - {0}
    shape = kernel.shape
    is_depthwise = len(shape) == _DEPTHWISE_RANK and shape[-1] == 1
    return {size for size in (shape[0], shape[-1], shape[-2] if is_depthwise else None) if size and size > 1}


def _nearest(names: Names, ones: Mapping[int, set[int]], others: Mapping[int, set[int]]) -> dict[int, int]:
    """Return for each module the only one of the others, of a size of its own, that shares most of its name."""
    below: dict[tuple[tuple[Token, ...], int], set[int]] = defaultdict(set)
    for index, sizes in others.items():
        for end in range(1, len(names[index]) + 1):
            for size in sizes:
                below[names[index][:end], size].add(index)
    found = {}
    for index, sizes in ones.items():
        for end in range(len(names[index]), 0, -1):
            near = set().union(*(below.get((names[index][:end], size), ()) for size in sizes))
            if near:
                if len(near) == 1:
                    found[index] = near.pop()
                break
    return found


def _without_chance(
    modules: Sequence[Module], pairs: Mapping[int, int], norms: Mapping[int, int], kernels: Mapping[int, set[int]]
) -> dict[int, int]:
    """Return the pairs whose template shows that norms follow their kernels."""
    names = [module.tokens for module in modules]
    at = {names[index]: index for index in kernels}
    alike: dict[object, list[int]] = defaultdict(list)
    for index in norms:
        alike[_skeleton(names[index])].append(index)
    shown: dict[object, bool] = {}
    kept = {}
    for norm, kernel in pairs.items():
        end = _shared(names[norm], names[kernel])
        rest = names[kernel][end:]
        template = _skeleton(names[norm]), end, rest
        if template not in shown:
            members = [(norms[n], at.get((*names[n][:end], *rest))) for n in alike[template[0]]]
            found = [(size, index) for size, index in members if index is not None]
            agree = all(size in kernels[index] for size, index in found)
            shown[template] = agree and any(_is_given_out(modules[index], size) for size, index in found)
        if shown[template]:
            kept[norm] = kernel
    return kept


def _shared(one: tuple[Token, ...], other: tuple[Token, ...]) -> int:
    """Return how many tokens two names begin with alike."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


def _is_given_out(module: Module, size: int) -> bool:
    """Whether a kernel has another number of channels on its other side, and is not depthwise."""
    shape = module.members[roles.KERNEL].shape or ()
    if roles.SHIFT not in module.members and len(shape) == 2:
        return False  # which axis is which is not known
    is_first = shape[0] == size and shape[1] != 1
    return shape.count(size) == 1 and (is_first or shape[-1] == size)


def _skeleton(name: tuple[Token, ...]) -> tuple[object, ...]:
    return tuple("#" if isinstance(token, int) else token for token in name)
