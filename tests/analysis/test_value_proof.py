"""Equal values prove which variable is which, in which layout, and what was split or joined; nothing wrongly."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scopeview.analysis.diff.fingerprints import blocks_of, hashes_of
from tests.cli.running import Run
from tests.writers.test_convert import Arrays


def fused(seed: int) -> tuple[Arrays, Arrays]:
    """Return one network twice, under names that say nothing to each other: projections fused, gates reordered."""
    rng, choice = np.random.default_rng(seed), random.Random(seed)
    size, parts = choice.choice([6, 8]), choice.choice([2, 3])

    def random_of(*shape: int) -> np.ndarray[Any, Any]:
        return rng.normal(size=shape).astype(np.float32)

    ours: Arrays = {"table/rows": random_of(size, size)}
    theirs: Arrays = {"lookup.weight": ours["table/rows"]}
    for layer in range(choice.randint(2, 4)):
        kernels = [random_of(size, size) for _ in range(parts)]
        for part, kernel in enumerate(kernels):
            ours[f"enc/layer_{layer}/part{part}/kernel"] = kernel
            ours[f"enc/layer_{layer}/part{part}/bias"] = np.zeros(size, np.float32)
        theirs[f"blocks.{layer}.fused.weight"] = np.concatenate(kernels, 1).T
        theirs[f"blocks.{layer}.fused.bias"] = np.zeros(parts * size, np.float32)
        ours[f"enc/layer_{layer}/norm/gamma"] = theirs[f"blocks.{layer}.n.weight"] = random_of(size)
        ours[f"enc/layer_{layer}/norm/beta"] = theirs[f"blocks.{layer}.n.bias"] = np.zeros(size, np.float32)
    kernel = random_of(5 + size, 4 * 3)
    gates = np.split(kernel, 4, 1)
    turned = np.concatenate([gates[at] for at in (0, 2, 1, 3)], 1)
    ours["rnn/kernel"] = kernel
    theirs["cell.w_ih"], theirs["cell.w_hh"] = turned[:5].T, turned[5:].T
    ours["conv/filter"] = random_of(3, 3, size, 4)
    theirs["c.weight"] = ours["conv/filter"].transpose(3, 2, 0, 1)
    ours["heads/kernel"] = random_of(size, 2, 5)
    theirs["h.weight"] = ours["heads/kernel"].reshape(size, 10).T
    return ours, theirs


def npz(path: Path, arrays: Arrays) -> Path:
    held: dict[str, Any] = {name.replace(".", "/"): np.ascontiguousarray(array) for name, array in arrays.items()}
    np.savez(path, **held)
    return path


@pytest.mark.parametrize("seed", range(4))
def test_all_is_found_by_values_in_both_directions(tmp_path: Path, scopeview: Run, seed: int) -> None:
    a, b = (npz(tmp_path / name, arrays) for name, arrays in zip(("a.npz", "b.npz"), fused(seed), strict=True))

    for source, target in ((a, b), (b, a)):
        out = tmp_path / "out.npz"
        done = scopeview("convert", source, "--to", out, "--like", target, "--values")
        assert done.code == 0, done.err
        made, wanted = np.load(out), np.load(target)
        assert set(made.files) == set(wanted.files)
        for name in wanted.files:
            np.testing.assert_array_equal(made[name], wanted[name], err_msg=name)


def test_the_diff_says_what_was_joined(tmp_path: Path, scopeview: Run) -> None:
    a, b = (npz(tmp_path / name, arrays) for name, arrays in zip(("a.npz", "b.npz"), fused(5), strict=True))

    entries = json.loads(scopeview("diff", a, b, "--values", "--json").out)["entries"]

    joined = next(entry for entry in entries if entry["b"] == "blocks/0/fused/weight")
    assert joined["evidence"].startswith("equal values, joined from enc/layer_0/part0/kernel, enc/layer_0/part1/kernel")
    turned = next(entry for entry in entries if entry["b"] == "c/weight")
    assert (turned["a"], turned["values_differ"]) == ("conv/filter", False)
    assert turned["evidence"] == "equal values, axes [3, 2, 0, 1]"


def test_values_that_say_nothing_prove_nothing(tmp_path: Path, scopeview: Run) -> None:
    """Equal multisets in an order that no turning gives, zeros, and values that several have."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=24)
    tied = rng.normal(size=(4, 4))
    a = {"x/one": values.reshape(4, 6), "x/zero": np.zeros(9), "x/tied": tied, "x/more": tied}
    b = {"q/two": rng.permutation(values).reshape(4, 6), "q/null": np.zeros(9), "q/same": tied}
    done = scopeview("diff", npz(tmp_path / "a.npz", a), npz(tmp_path / "b.npz", b), "--values", "--json")

    for entry in json.loads(done.out)["entries"]:
        assert entry["a"] is None or entry["b"] is None, entry
        is_tied = entry["b"] == "q/same" or entry["a"] == "x/more"  # which of two equal ones it is, nobody can say
        assert "equal values" not in entry["evidence"] or (is_tied and "tied" in entry["evidence"])


def heads(seed: int) -> dict[str, tuple[Arrays, Arrays]]:
    """Return what two frameworks keep of one layer, under names that say nothing to each other."""
    rng = np.random.default_rng(seed)
    width, count, size = 8, 2, 4

    def random_of(*shape: int) -> np.ndarray[Any, Any]:
        return rng.normal(size=shape).astype(np.float32)

    parts, biases = [random_of(width, count, size) for _ in range(3)], [random_of(count, size) for _ in range(3)]
    flat = [part.reshape(width, width) for part in parts]
    table, dense, window = random_of(11, width), random_of(4 * 3 * 6, 5), random_of(3, 3, width, 2)
    return {
        "heads": (
            {f"m/{w}/one": p for w, p in zip("xyz", parts, strict=True)}
            | {f"m/{w}/two": p for w, p in zip("xyz", biases, strict=True)},
            {
                "all.one": np.concatenate([part.T for part in flat]),
                "all.two": np.concatenate([bias.ravel() for bias in biases]),
            },
        ),
        "head by head": (
            {f"m/{w}/one": p for w, p in zip("xyz", flat, strict=True)},
            {"all.one": np.stack([p.T.reshape(count, size, width) for p in flat], 1).reshape(3 * width, width)},
        ),
        "padded": ({"m/rows": table}, {"n.rows": np.concatenate([table, np.zeros((25, width), np.float32)])}),
        "flattened": (
            {"m/one": dense},
            {"n.one": dense.reshape(4, 3, 6, 5).transpose(3, 2, 0, 1).reshape(5, 72)},
        ),
        "depthwise": ({"m/one": window}, {"n.one": window.transpose(2, 3, 0, 1).reshape(2 * width, 1, 3, 3)}),
        "tied": ({"m/rows": table}, {"n.rows": table, "n.more": table, "n.turned": table.T}),
    }


@pytest.mark.parametrize("kind", heads(0))
def test_layouts_that_are_more_than_an_order_of_axes_are_proved(tmp_path: Path, scopeview: Run, kind: str) -> None:
    for seed in (1, 2):
        made = heads(seed)[kind]
        files = [npz(tmp_path / f"{side}.npz", arrays) for side, arrays in zip("ab", made, strict=True)]
        for (source, target), wanted in ((files, made[1]), (files[::-1], made[0])):
            done = scopeview("convert", source, "--to", tmp_path / "out.npz", "--like", target, "--values")

            assert done.code == 0, done.err
            found = np.load(tmp_path / "out.npz")
            assert set(found.files) == {name.replace(".", "/") for name in wanted}
            for name, array in wanted.items():
                np.testing.assert_array_equal(found[name.replace(".", "/")], array, err_msg=name)


def test_rows_that_the_other_side_does_not_have_are_filled_as_asked(tmp_path: Path, scopeview: Run) -> None:
    table = np.random.default_rng(3).normal(size=(9, 4)).astype(np.float32)
    longer = np.concatenate([table, np.ones((2, 4), np.float32)])
    a, b = npz(tmp_path / "a.npz", {"m/rows": table}), npz(tmp_path / "b.npz", {"n/table": longer})

    (entry,) = json.loads(scopeview("diff", a, b, "--values", "--json").out)["entries"]
    done = scopeview("convert", a, "--like", b, "--to", tmp_path / "c.npz", "--values", "--resize", "m/rows=mean")

    assert (entry["a"], entry["b"], entry["evidence"]) == ("m/rows", "n/table", "equal values in 9 rows")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(np.load(tmp_path / "c.npz")["n/table"][:9], table)


def test_a_direction_without_its_length_is_no_kernel(tmp_path: Path, scopeview: Run) -> None:
    """The bias is proved by values; what stands beside it on the one side is a kernel in two pieces."""
    rng = np.random.default_rng(4)
    bias = rng.normal(size=6)
    a = {"c/kernel": rng.normal(size=(3, 8, 6)), "c/bias": bias}
    b = {"conv/weight_g": rng.normal(size=(6, 1, 1)), "conv/weight_v": rng.normal(size=(6, 8, 3)), "conv/bias": bias}

    done = scopeview("diff", npz(tmp_path / "a.npz", a), npz(tmp_path / "b.npz", b), "--values", "--json")

    assert [(e["a"], e["b"]) for e in json.loads(done.out)["entries"] if e["a"] and e["b"]] == [("c/bias", "conv/bias")]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.randoms(use_true_random=False))
def test_the_sum_of_hashes_is_that_of_the_blocks(rows: int, columns: int, choice: random.Random) -> None:
    numbers = np.array([choice.choice([0.0, -0.0, np.nan, np.inf, 1e300, 0.1, 3.0]) for _ in range(rows * columns)])
    array = numbers.reshape(rows, columns)
    cuts = tuple(
        (0, *sorted(choice.sample(range(1, length), choice.randint(0, length - 1)))) for length in (rows, columns)
    )

    blocks = list(blocks_of(hashes_of(array), cuts))

    total = int(hashes_of(array).sum(dtype=np.uint64))
    assert sum(found for _, found in blocks) % (1 << 64) == total
    assert total == int(hashes_of(array.T.copy()).sum(dtype=np.uint64))
    for ranges, found in blocks:
        block = array[tuple(slice(*ends) for ends in ranges)]
        assert found == int(hashes_of(block).sum(dtype=np.uint64))
