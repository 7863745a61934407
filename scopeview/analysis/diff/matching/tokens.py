"""Names as tokens: words in one spelling, and numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

Token = str | int
"""A word, or a number that may be an index."""

_TOKEN = re.compile(
    r"\d+x\d+(?![A-Za-z0-9])"  # 3x3 is a word
    r"|(?<![A-Za-z0-9])\d+x(?![A-Za-z0-9])"
    r"|[1-3][dD](?![A-Za-z])"  # conv2d
    r"|[A-Z]+s?(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+"
)
_ATTRIBUTES = "/.ATTRIBUTES/VARIABLE_VALUE"
_PLURAL_MIN = 4

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "attn": ("attention",),
    "att": ("attention",),
    "sa": ("self", "attention"),
    "ca": ("cross", "attention"),
    "mha": ("multi", "head", "attention"),
    "multihead": ("multi", "head"),
    "bn": ("batch", "norm"),
    "batchnorm": ("batch", "norm"),
    "ln": ("layer", "norm"),
    "layernorm": ("layer", "norm"),
    "gn": ("group", "norm"),
    "groupnorm": ("group", "norm"),
    "normalization": ("norm",),
    "normalisation": ("norm",),
    "convolution": ("conv",),
    "emb": ("embedding",),
    "embed": ("embedding",),
    "embedder": ("embedding",),
    "pos": ("position",),
    "positional": ("position",),
    "cls": ("class",),
    "dw": ("depthwise",),
    "dwconv": ("depthwise", "conv"),
    "pw": ("pointwise",),
    "ffn": ("feed", "forward"),
    "ff": ("feed", "forward"),
    "feedforward": ("feed", "forward"),
    "fc": ("dense",),
    "lin": ("dense",),
    "linear": ("dense",),
    "q": ("query",),
    "k": ("key",),
    "v": ("value",),
    "o": ("output",),
    "out": ("output",),
    "proj": ("projection",),
    "enc": ("encoder",),
    "dec": ("decoder",),
    "rnn": ("recurrent",),
    "fw": ("forward",),
    "fwd": ("forward",),
    "bw": ("backward",),
    "bwd": ("backward",),
}
"""Abbreviations of the field, written out."""


@lru_cache(maxsize=65536)
def _written_out(word: str) -> tuple[str, ...]:
    if len(word) > _PLURAL_MIN and word.endswith("s") and not word.endswith(("ss", "us", "is", "as")):
        word = word[:-1]
    return _SPELLINGS.get(word, (word,))


def split_words(text: str) -> list[str]:
    """Split a name at separators, changes of case and numbers; nothing is written out yet."""
    return _TOKEN.findall(text)


def tokens_of(text: str) -> tuple[Token, ...]:
    """Return the words of a name, in lower case and written out, and its numbers.

    A single letter that follows a number (`block2a`) counts as a number.
    """
    return tuple(token for segment in text.split("/") for token in _tokens_of_segment(segment))


@lru_cache(maxsize=65536)
def _tokens_of_segment(text: str) -> tuple[Token, ...]:
    """Return the tokens of a segment; names have few of them, each of them often."""
    found: list[Token] = []
    end = -1
    for piece in _TOKEN.finditer(text):
        word = piece.group()
        is_letter = len(word) == 1 and word.isalpha() and piece.start() == end and isinstance(found[-1], int)
        if word.isdecimal():
            found.append(int(word))
        elif is_letter and not text[piece.end() : piece.end() + 1].isalnum():
            found.append(ord(word.lower()) - ord("a"))
        else:
            is_version = len(word) == 1 and text[piece.end() : piece.end() + 1].isdecimal()  # V3
            found.extend((word.lower(),) if is_version else _written_out(word.lower()))
        end = piece.end()
    return tuple(found)


def strip_attributes(name: str) -> str:
    """Return an object path without TensorFlow's suffix of attributes."""
    return name.removesuffix(_ATTRIBUTES)


def last_segment(name: str) -> tuple[str, str, str]:
    """Split a name into its scope, the separator and the last segment; `/` counts more than `.`."""
    for separator in ("/", "."):
        scope, found, leaf = name.rpartition(separator)
        if found and leaf:
            return scope, found, leaf
    return "", "", name


def split_joined(names: Sequence[tuple[Token, ...]], vocabulary: frozenset[str]) -> list[tuple[Token, ...]]:
    """Split words that the other side writes as two: `layernorm` where it has `layer` and `norm`."""
    table: dict[str, tuple[str, ...]] = {}
    for word in {token for name in names for token in name if isinstance(token, str)}:
        table[word] = _parts(word, vocabulary)
    if all(len(parts) == 1 for parts in table.values()):
        return list(names)
    return [
        tuple(part for token in name for part in (table[token] if isinstance(token, str) else (token,)))
        for name in names
    ]


def _parts(word: str, vocabulary: frozenset[str]) -> tuple[str, ...]:
    if word in vocabulary:
        return (word,)
    for cut in range(2, len(word) - 1):
        if word[:cut] in vocabulary and word[cut:] in vocabulary:
            return word[:cut], word[cut:]
    return (word,)
