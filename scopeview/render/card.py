"""The lines of a model's card, for a terminal and for Markdown: a word, and what there is to say of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scopeview.analysis.answers.card import CardTensor, ModelCard, RepeatedPart
from scopeview.render.formats import plural, printable, shape_text, short_count

_SHOWN = 8
"""Inputs, outputs and losses on one line."""


def card_rows(card: ModelCard) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the lines of a card: a label and phrases; what there is nothing to say of is left out."""
    yield from _listed("inputs", card.inputs, card.total_inputs)
    yield from _listed("outputs", card.outputs, card.total_outputs)
    yield from _listed("losses", card.losses, len(card.losses))
    if card.repeated:
        yield (
            "repeated",
            tuple(f"{p.count:,} equal {printable(p.pattern)} of {plural(p.ops, 'op')}" for p in card.repeated),
        )
    if card.largest or card.parameters.optimizer:
        yield "parameters", tuple(_parameters(card))
    if card.largest:
        yield "largest", tuple(f"{printable(p.path)} {short_count(p.parameters)}" for p in card.largest)
    if card.shared:
        more = card.total_shared - len(card.shared)
        yield "shared", (*map(printable, card.shared), *([f"{more:,} more"] if more else []))
    if card.restore is not None:
        yield "restore", tuple(_restore(card))
    if card.errors:
        yield "errors", (f"{plural(card.errors, 'error')}: scopeview lint lists them",)


def _listed(label: str, tensors: Sequence[CardTensor], total: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    if tensors:
        shown = tuple(_tensor(tensor, label == "inputs") for tensor in tensors[:_SHOWN])
        more = total - len(shown)
        yield label, (*shown, *([f"{more:,} more"] if more > 0 else []))


def _tensor(tensor: CardTensor, is_input: bool) -> str:
    shape = shape_text(tensor.shape) if tensor.shape_known else ""
    kind = f" {tensor.dtype or ''}{shape}".rstrip()
    return printable(tensor.name) + kind + (" (unused)" if is_input and not tensor.is_used else "")


def _repeated(part: RepeatedPart) -> str:
    return f"{part.count:,} equal {printable(part.pattern)} of {plural(part.ops, 'op')}"


def _parameters(card: ModelCard) -> Iterator[str]:
    totals = card.parameters
    if totals.trained is None or totals.not_trained is None:
        yield "trained or not: the file does not say"
    else:
        yield f"{short_count(totals.trained)} trained"
        yield f"{short_count(totals.not_trained)} not trained"
    yield f"{short_count(totals.optimizer)} optimizer state"


def _restore(card: ModelCard) -> Iterator[str]:
    found = card.restore
    assert found is not None
    wanted = found.will_load + found.missing + found.mismatched
    yield f"{found.will_load:,} of {plural(wanted, 'key')} will load"
    for number, what in ((found.missing, "missing"), (found.mismatched, "shape mismatch"), (found.unused, "unused")):
        if number:
            yield f"{number:,} {what}"
