"""Models of many families, renamed by rules: what is matched is right, and nearly all is."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

import pytest

from scopeview.analysis.diff.matching.core import match_items
from scopeview.analysis.diff.matching.entries import Item, Result
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.solve import Solver
from tests.renames import convolutions, transformers
from tests.renames.changes import CHANGES

Names = list[tuple[str, tuple[int, ...]]]


def dense(at: str, n: int, m: int) -> Names:
    return [(f"{at}/kernel", (n, m)), (f"{at}/bias", (m,))]


def conv(at: str, k: int, n: int, m: int) -> Names:
    return [(f"{at}/kernel", (k, k, n, m)), (f"{at}/bias", (m,))]


def norm(at: str, n: int) -> Names:
    return [(f"{at}/gamma", (n,)), (f"{at}/beta", (n,))]


def batch_norm(at: str, n: int) -> Names:
    return [*norm(at, n), (f"{at}/moving_mean", (n,)), (f"{at}/moving_variance", (n,))]


def conformer(depth: int, h: int) -> Names:
    found = [*dense("asr/subsampling/dense", 80, h)]
    for i in range(depth):
        at = f"asr/encoder/conformer_block_{i}"
        for part in ("macaron", "feedforward"):
            found += [*norm(f"{at}/{part}/norm", h), *dense(f"{at}/{part}/expand", h, 4 * h)]
            found += dense(f"{at}/{part}/reduce", 4 * h, h)
        for part in ("query", "key", "value", "output"):
            found += dense(f"{at}/mhsa/{part}", h, h)
        found += [*conv(f"{at}/convolution/pointwise", 1, h, 2 * h), *batch_norm(f"{at}/convolution/batchnorm", h)]
    return [*found, *dense("asr/ctc/vocabulary", h, 31)]


def unet(depth: int, c: int) -> Names:
    found: Names = [*conv("unet/input", 3, 1, c)]
    for side in ("down", "up"):
        for i in range(depth):
            n, m = (c << i, c << (i + 1)) if side == "down" else (c << (i + 1), c << i)
            at = f"unet/{side}_{i}"
            found += [*conv(f"{at}/conv_1", 3, n, m), *batch_norm(f"{at}/bn_1", m)]
            found += [*conv(f"{at}/conv_2", 3, m, m), *batch_norm(f"{at}/bn_2", m)]
    return [*found, *conv("unet/segmentation", 1, c, 2)]


def wavenet(depth: int, c: int) -> Names:
    found: Names = [("wavenet/causal/kernel", (2, 256, c))]
    for i in range(depth):
        at = f"wavenet/dilated_stack/layer_{i}"
        found += [(f"{at}/filter", (2, c, 2 * c)), (f"{at}/gate/kernel", (2, c, 2 * c))]
        found += [*dense(f"{at}/skip", 2 * c, 3 * c), *dense(f"{at}/residual", 2 * c, c)]
    return [*found, *dense("wavenet/postprocess", 3 * c, 256)]


def mixture(depth: int, h: int) -> Names:
    found: Names = [("lm/embedder/table", (97, h))]
    for i in range(depth):
        at = f"lm/decoder/layer_{i}"
        found += [*norm(f"{at}/pre_attention_norm", h), *dense(f"{at}/attention/qkv", h, 3 * h)]
        found += [*dense(f"{at}/attention/out", h, h), *norm(f"{at}/pre_moe_norm", h), *dense(f"{at}/moe/router", h, 4)]
        for expert in range(4):
            found += [
                *dense(f"{at}/moe/expert_{expert}/up", h, 2 * h),
                *dense(f"{at}/moe/expert_{expert}/down", 2 * h, h),
            ]
    return [*found, *norm("lm/final_norm", h)]


def recurrent(depth: int, h: int) -> Names:
    found: Names = [("tagger/chars/embeddings", (60, h))]
    for i in range(depth):
        for way in ("forward", "backward"):
            at = f"tagger/rnn_{i}/{way}/lstm"
            found += [(f"{at}/kernel", (h, 4 * h)), (f"{at}/recurrent_kernel", (h, 4 * h)), (f"{at}/bias", (4 * h,))]
    return [*found, *dense("tagger/crf/projection", h, 9)]


FAMILIES: dict[str, Callable[[int, int], Names]] = {
    "conformer": conformer,
    "unet": unet,
    "wavenet": wavenet,
    "mixture": mixture,
    "recurrent": recurrent,
}


def words(table: dict[str, str]) -> Callable[[str], str]:
    pattern = re.compile("|".join(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])" for word in table))
    return lambda name: pattern.sub(lambda match: table[match[0]], name)


STYLES: dict[str, Callable[[str], str]] = {
    "dots": lambda name: name.replace("/", "."),
    "flat": lambda name: name.replace("/", "_"),
    "prefix": lambda name: f"student/model/{name}",
    "camel": lambda name: (
        re.sub(r"(?:\A|(?<=/)|_)([a-z])", lambda match: match[1].upper(), name.rpartition("/")[0])
        + "/"
        + name.rpartition("/")[2]
    ),
    "layers": lambda name: re.sub(
        r"(layer|conformer_block|rnn|down|up)_(\d+)/", lambda m: f"{m[1]}s/{int(m[2]) + 1}/", name
    ),
    "words": words({"query": "q", "key": "k", "value": "v", "attention": "attn", "encoder": "enc", "decoder": "dec"}),
    "leaves": words({"kernel": "weights", "gamma": "scale", "bias": "biases", "moving_variance": "running_var"}),
}


def renamed(family: str, styles: list[str], seed: int) -> tuple[Result, dict[str, str], int]:
    rng = random.Random(seed)
    names = FAMILIES[family](rng.choice((2, 3, 6, 12)), rng.choice((8, 12, 20)))
    truth = {}
    for name, _ in names:
        new = name
        for style in styles:
            new = STYLES[style](new)
        truth[name] = new
    ours = [Item(name, shape, "float32") for name, shape in names]
    theirs = [Item(truth[name], shape, "float32") for name, shape in names]
    for side in (ours, theirs):
        rng.shuffle(side)
    return match_items(ours, theirs), truth, len(names)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "styles", [[style] for style in STYLES] + [["layers", "words", "leaves"], ["words", "prefix", "flat"]], ids="-".join
)
def test_renamed_models_are_matched_and_nothing_is_matched_wrongly(family: str, styles: list[str]) -> None:
    result, truth, number = renamed(family, styles, 5)

    assert [(match.a, match.b) for match in result.matches if truth[match.a] != match.b] == []
    assert len(result.matches) >= 0.9 * number


def test_unknown_words_stay_open_where_nothing_else_decides() -> None:
    """Four equal layers in every block; a side whose words mean nothing says which block, and not which layer."""
    ours = [Item(f"m/layer_{i}/{part}/kernel", (8, 8), "f") for i in range(4) for part in ("red", "green", "blue")]
    theirs = [Item(f"x/blk{i}/{part}/kernel", (8, 8), "f") for i in (2, 0, 3, 1) for part in ("ka", "mo", "tu")]

    result = match_items(sorted(ours, key=lambda i: i.name), sorted(theirs, key=lambda i: i.name))

    assert result.matches == ()
    assert {(len(group.a), len(group.b)) for group in result.open_groups} == {(3, 3)}
    assert all(len({name.split("/")[1][-1] for name in (*g.a, *g.b)}) == 1 for g in result.open_groups)


def test_another_head_of_equal_shape_is_proposed_and_not_matched() -> None:
    trunk = conformer(3, 8)[:-2]
    ours = [Item(name, shape, "f") for name, shape in [*trunk, *dense("asr/ctc/vocabulary", 8, 31)]]
    theirs = [Item(f"net/{name}", shape, "f") for name, shape in [*trunk, *dense("asr/toxicity/scores", 8, 31)]]

    result = match_items(ours, theirs)

    assert len(result.matches) == len(trunk)
    assert result.proposals == {f"asr/ctc/vocabulary/{p}": f"net/asr/toxicity/scores/{p}" for p in ("kernel", "bias")}


def test_kernels_of_another_layout_are_matched_in_one_reading() -> None:
    names = conformer(3, 8)

    def torch(name: str, shape: tuple[int, ...]) -> Item:
        name = words({"kernel": "weight", "gamma": "weight", "beta": "bias", "moving_mean": "running_mean"})(name)
        axes = {2: (1, 0), 4: (3, 2, 0, 1)}.get(len(shape), range(len(shape)))
        return Item(
            name.replace("moving_variance", "running_var").replace("/", "."), tuple(shape[a] for a in axes), "f"
        )

    result = match_items([Item(name, shape, "f") for name, shape in names], [torch(*row) for row in names])

    truth = {name: torch(name, shape).name for name, shape in names}
    assert result.is_transposed
    assert {match.a: match.b for match in result.matches} == truth


def test_large_sides_are_solved_by_a_sample() -> None:
    names = [(f"s{i // 40}/l{i // 4 % 10}/{'qkvo'[i % 4]}/kernel", (8, 8)) for i in range(4000)]

    result = match_items([Item(n, s, "f") for n, s in names], [Item(f"m/{n}", s, "f") for n, s in names])

    assert {match.a: match.b for match in result.matches} == {name: f"m/{name}" for name, _ in names}


# Models as two code bases name them, which the matcher was not made for. What is asked for is less than what is reached
# (`benchmarks/renames.py` prints it); siblings that order alone distinguishes stay open where there is none.
MODELS = [*transformers.models(3, 8), *convolutions.models(3, 8)]


def _tower(scope: str, layers: int, first: int = 0, gone: int = -1, *, values: int = 0) -> list[Item]:
    """Return equal layers in blocks of ten, one of them gone; some have values, which are those of their place."""
    names = [(f"{scope}_{n // 10 + first}/layer_{n % 10}/w", n) for n in range(layers) if n != gone]
    return [Item(name, (2, 4), "float32", ("v", n) if n < values else None) for name, n in names]


@pytest.mark.parametrize(
    ("b", "is_sampled"),
    [
        (_tower("new", 60), True),
        (_tower("new", 60, first=1, values=40), True),
        (_tower("new", 60, gone=25), True),  # no layer of B is left
        (_tower("new", 60)[:40] + _tower("other", 60)[40:], False),  # a rule that holds of the first alone
        ([*_tower("new", 60)[:50], *(Item(f"new_5/layer_{n}/w", (4, 4), "float32") for n in range(10))], False),
    ],
)
def test_a_sample_that_explains_all_says_what_all_pairs_say(
    b: list[Item], is_sampled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scopeview.analysis.diff.matching import core

    a, compared = _tower("block", 60, values=40), list[int]()
    read = core._best_reading

    def counted(x: Sequence[Module], y: Sequence[Module], given: Sequence[tuple[int, int]]) -> Solver:
        compared.append(len(x))
        return read(x, y, given)

    monkeypatch.setattr(core, "_best_reading", counted)
    monkeypatch.setattr(core, "SAMPLED_FROM", 1000)
    sampled = match_items(a, b)
    assert (max(compared) < 20) == is_sampled
    monkeypatch.setattr(core, "SAMPLED_FROM", 1 << 30)
    whole = match_items(a, b)

    assert set(sampled.matches) == set(whole.matches)
    assert (sampled.proposals, sampled.open_groups) == (whole.proposals, whole.open_groups)


@pytest.mark.parametrize(
    ("change", "least", "most_wrong"),
    [("ordered", 0.9, 0.0), ("shuffled", 0.75, 0.0), ("dropped", 0.85, 0.01), ("nonsense", 0.75, 0.01)],
)
def test_other_names_of_other_models(change: str, least: float, most_wrong: float) -> None:
    truth = right = claims = 0
    for model in MODELS:
        case = CHANGES[change](model, random.Random(f"{model.name} 11"))
        found = {match.a: match.b for match in match_items(case.a, case.b).matches}
        truth, claims = truth + len(case.truth), claims + len(found)
        right += sum(case.truth.get(one) == other for one, other in found.items())

    assert right >= least * truth, f"{right} of {truth}"
    assert claims - right <= most_wrong * claims, f"{claims - right} of {claims}"


def residual(name: Callable[[int, int, int], tuple[str, str]], widths: tuple[int, ...], blocks: int) -> Names:
    """Return a network of stages of blocks of three convolutions, each with a norm, as `name` calls them."""
    found: Names = []
    inputs = 3
    for stage, width in enumerate(widths):
        for block in range(blocks + stage):
            for part, (size, outputs) in enumerate(((1, width), (3, width), (1, 4 * width))):
                convolution, normalization = name(stage, block, part)
                found += [*conv(convolution, size, inputs, outputs), *batch_norm(normalization, outputs)]
                inputs = outputs
    return found


@pytest.mark.parametrize("is_swapped", [False, True])
def test_convolutions_and_norms_numbered_apart_and_together(is_swapped: bool) -> None:
    """`conv3c_part2b` beside `norm3c_part2b`: letters are numbers, and both are parts of `stage2_unit3`."""

    def apart(stage: int, block: int, part: int) -> tuple[str, str]:
        place = f"{stage + 2}{'abcdefg'[block]}_part2{'abc'[part]}"
        return f"filter{place}", f"scaling{place}"

    def together(stage: int, block: int, part: int) -> tuple[str, str]:
        at = f"stage{stage + 2}_unit{block + 1}_{part + 1}"
        return f"{at}_filter", f"{at}_scaling"

    names = [residual(one, (5, 6, 7), 3) for one in (apart, together)]
    truth = {one[0]: other[0] for one, other in zip(*names, strict=True)}
    a, b = ([Item(name, shape, "float32") for name, shape in sorted(side)] for side in names)
    if is_swapped:
        a, b, truth = b, a, {other: one for one, other in truth.items()}
    assert {m.a: m.b for m in match_items(a, b).matches} == truth


@pytest.mark.parametrize(("unit", "average"), [("conv", "EMA"), ("filter", "MovingExponentialMovingAverage")])
@pytest.mark.parametrize("is_swapped", [False, True])
def test_norms_that_stand_in_their_layers_with_averaged_statistics(unit: str, average: str, is_swapped: bool) -> None:
    def apart(stage: int, block: int, part: int) -> tuple[str, str]:
        place = f"{stage + 2}{'abcdefg'[block]}_part2{'abc'[part]}"
        return f"res{place}", f"norm{place}"

    def within(stage: int, block: int, part: int) -> tuple[str, str]:
        at = f"group{stage}/block{block}/{unit}{part + 1}"
        return at, f"{at}/norm"

    names = [residual(one, (5, 6, 7), 3) for one in (apart, within)]
    names[1] = [(re.sub(r"moving_(\w+)", rf"\1/{average}", name), shape) for name, shape in names[1]]
    truth = {one[0]: other[0] for one, other in zip(*names, strict=True)}
    a, b = ([Item(name, shape, "float32") for name, shape in sorted(side)] for side in names)
    if is_swapped:
        a, b, truth = b, a, {other: one for one, other in truth.items()}
    assert {m.a: m.b for m in match_items(a, b).matches} == truth


def test_no_shape_has_changed_where_another_variable_has_it() -> None:
    """Norms are counted from 0 and from 1, but in the first block, which has no first of them, both from 1."""
    names: list[Names] = [[], []]
    for i in range(5):
        expanded = 8 + 4 * (i > 0)
        for place in range(0 if i else 1, 3):
            width = 40 if place == 2 else expanded
            names[0] += batch_norm(f"_blocks/{i}/_bn{place}", width + i)
            names[1] += batch_norm(f"blocks/{i}/bn{place + (i > 0)}", width + i)
            names[0] += conv(f"_blocks/{i}/_conv{place}", 3, 3, width + i)
            names[1] += conv(f"blocks/{i}/conv{place + (i > 0)}", 3, 3, width + i)
    truth = {one[0]: other[0] for one, other in zip(*names, strict=True)}
    a, b = ([Item(name, shape, "float32") for name, shape in sorted(side)] for side in names)
    for ours, theirs, right in ((a, b, truth), (b, a, {other: one for one, other in truth.items()})):
        assert {m.a: m.b for m in match_items(ours, theirs).matches}.items() <= right.items()


def test_two_variables_below_a_root_of_another_depth() -> None:
    leaves = ("table", (9, 4)), ("edge", (4,))
    a, b = ([Item(f"{at}/{leaf}", shape, "float32") for leaf, shape in leaves] for at in ("tower", "new/net"))
    for ours, theirs in ((a, b), (b, a)):
        pairs = {m.a.rpartition("/")[2]: m.b.rpartition("/")[2] for m in match_items(ours, theirs).matches}
        assert pairs == {"table": "table", "edge": "edge"}


def inverted(kind: str, depth: int, width: int) -> tuple[list[Item], list[Item], dict[str, str]]:
    """Return inverted bottlenecks under names of two code bases, and which variable of the one is which of the other.

    Args:
        kind: how the norms of the second stand: in the scope of their convolution, or all in a row.
        depth: how many blocks.
        width: channels of the first.
    """
    ours: list[Item] = []
    theirs: list[Item] = []
    truth: dict[str, str] = {}

    def add(one: str, other: str, shape: tuple[int, ...], other_shape: tuple[int, ...]) -> None:
        ours.append(Item(one, shape, "float32"))
        theirs.append(Item(other, other_shape, "float32"))
        truth[one] = other

    def add_norm(one: str, other: str, n: int) -> None:
        leaves = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
        for leaf, other_leaf in leaves.items():
            add(f"{one}/{leaf}", f"{other}.{other_leaf}", (n,), (n,))

    for i in range(depth):
        n, m, wide = width + 8 * i, width + 8 * (i + 1), 6 * (width + 8 * i)
        at, other = f"stage{i + 1}", f"features.{i}.layers"
        places = ["0.0", "0.1", "1.0", "1.1", "2.0", "2.1"] if kind == "nested" else [str(place) for place in range(6)]
        add(f"{at}_widen_conv/kernel", f"{other}.{places[0]}.weight", (1, 1, n, wide), (wide, n, 1, 1))
        add_norm(f"{at}_widen_bn", f"{other}.{places[1]}", wide)
        add(f"{at}_dwconv/depthwise_kernel", f"{other}.{places[2]}.weight", (3, 3, wide, 1), (wide, 1, 3, 3))
        add_norm(f"{at}_bn", f"{other}.{places[3]}", wide)
        add(f"{at}_narrow_conv/kernel", f"{other}.{places[4]}.weight", (1, 1, wide, m), (m, wide, 1, 1))
        add_norm(f"{at}_narrow_bn", f"{other}.{places[5]}", m)
    return ours, theirs, truth


@pytest.mark.parametrize(("depth", "width", "seed"), [(4, 16, 1), (7, 24, 2), (11, 8, 3)])
def test_norms_of_one_size_are_known_by_the_kernels_that_they_stand_with(depth: int, width: int, seed: int) -> None:
    shuffler = random.Random(seed)
    for kind in ("nested", "in a row"):
        ours, theirs, truth = inverted(kind, depth, width)
        shuffler.shuffle(ours)
        shuffler.shuffle(theirs)

        for a, b, wanted in ((ours, theirs, truth), (theirs, ours, {other: one for one, other in truth.items()})):
            found = {match.a: match.b for match in match_items(a, b).matches}

            assert all(wanted[one] == other for one, other in found.items())
            assert kind != "nested" or found == wanted
