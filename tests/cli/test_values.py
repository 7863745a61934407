from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.running import Run
from tests.places import SAMPLES


def test_values_of_a_checkpoint_a_line_each(scopeview: Run) -> None:
    done = scopeview("values", SAMPLES / "m33_original.ckpt", "name:layer1/*")

    lines = done.out.splitlines()
    assert done.code == 0
    assert lines[0] == "2 variables"
    assert lines[2].split() == ["layer1/biases", "float32[8]", "0", "0", "0", "0", "100%"]
    assert lines[3].split()[:7] == ["layer1/weights", "float32[4,", "8]", "-0.05416", "0.3917", "-0.6656", "0.6861"]


def test_variables_beyond_the_limit_are_counted(scopeview: Run) -> None:
    done = scopeview("values", SAMPLES / "m33_original.ckpt", "--limit", "2", "--offset", "1")

    assert "3 more: --offset 3 shows the next page" in done.out


def test_a_saved_model_holds_the_values_of_its_variables(scopeview: Run) -> None:
    assert "shared/kernel" in scopeview("values", SAMPLES / "m29_keras").out


def test_what_holds_no_values_is_refused_in_a_sentence(scopeview: Run) -> None:
    done = scopeview("values", SAMPLES / "m17_gan.meta")

    assert (done.code, done.out) == (2, "")
    assert "holds no values: those are in checkpoints and SavedModels" in done.err


def test_values_that_are_cut_off_are_never_taken_for_equal(scopeview: Run, tmp_path: Path) -> None:
    whole = SAMPLES / "m33_original.ckpt"
    shutil.copy(whole.with_name("m33_original.ckpt.index"), tmp_path / "m.ckpt.index")
    data = whole.with_name("m33_original.ckpt.data-00000-of-00001").read_bytes()
    (tmp_path / "m.ckpt.data-00000-of-00001").write_bytes(data[:300])

    ran = scopeview("values", tmp_path / "m.ckpt")
    compared = scopeview("diff", "--values", whole, tmp_path / "m.ckpt")

    assert (ran.code, compared.code) == (2, 2)
    assert "the values of 3 variables" in ran.err and "missing or too short" in ran.out
    assert "the values of 3 variables could not be" in compared.err
