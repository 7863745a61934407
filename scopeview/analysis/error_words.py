"""The names in an error message of TensorFlow, so that it can be pasted as it is.

NotFoundError: Key model/dense/kernel not found in checkpoint         -> model/dense/kernel
[[{{node save/RestoreV2}}]], [[node save/RestoreV2 (defined at ..)]]  -> save/RestoreV2
Attempting to use uninitialized value global_step                     -> global_step
Unresolved object in checkpoint: (root).model.head.kernel             -> (root).model.head.kernel
"""

from __future__ import annotations

import re

_LONGEST = 100_000
"""Letters of a message that are looked at."""
_MOST = 20
_NAME = r"""[^\s'"`{}\[\],;]+"""
_PATTERNS = (
    re.compile(rf"\bKey\s+({_NAME})\s+not found in checkpoint"),
    re.compile(rf"""\bTensor name\s+["']?({_NAME})["']?\s+not found"""),
    re.compile(rf"\buninitialized value\s+({_NAME})"),
    re.compile(rf"\bCould not find variable\s+({_NAME})"),
    re.compile(rf"\bVariable\s+({_NAME})\s+(?:already exists|does not exist|is not initialized)"),
    re.compile(rf"\bresource variable\s+({_NAME})\s+from\b"),
    re.compile(rf"(\(root\){_NAME}|\(root\))"),
    re.compile(rf"\bnode\s+({_NAME})"),
    re.compile(rf"""\b(?:[Oo]p|[Nn]ode|[Tt]ensor|[Vv]ariable|name:|Operation|Placeholder)\s*["'`]({_NAME})["'`]"""),
    re.compile(rf"""["'`]({_NAME})["'`]"""),
)
"""How messages name things, the surest first; checked against those that TensorFlow raises."""


def names_in(text: str) -> tuple[str, ...]:
    """Return the names that a message of TensorFlow is about; none for what is a name itself.

    The op that failed is no answer where the message says which key or variable it lacked.

    >>> names_in("Key a/kernel not found in checkpoint\\n\\t [[{{node save/RestoreV2}}]]")
    ('a/kernel',)
    >>> names_in("a/kernel")
    ()
    """
    if not re.search(r"[\s{]", text.strip()):
        return ()
    kinds = ([match[1] for match in pattern.finditer(text[:_LONGEST])] for pattern in _PATTERNS)
    found = next(filter(None, kinds), [])
    cleaned = (name.lstrip("^").rstrip(".:)") or name for name in found)
    return tuple(dict.fromkeys(cleaned))[:_MOST]
