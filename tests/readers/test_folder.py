"""What lies beside a checkpoint."""

from __future__ import annotations

import shutil
from pathlib import Path

import scopeview
from scopeview.model.model import Damage
from tests.places import SAMPLES


def copied(folder: Path) -> Path:
    for name in ("m33_original.ckpt.index", "m33_original.ckpt.data-00000-of-00001"):
        shutil.copy(SAMPLES / name, folder / name)
    return folder / "m33_original.ckpt"


def test_a_clean_folder_has_no_damage(tmp_path: Path) -> None:
    prefix = copied(tmp_path)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m33_original.ckpt"\n')

    assert scopeview.load(prefix).damage == ()


def test_a_moved_folder_and_deleted_checkpoints(tmp_path: Path) -> None:
    prefix = copied(tmp_path)
    (tmp_path / "checkpoint").write_text(
        'model_checkpoint_path: "old/m33_original.ckpt"\n'
        'all_model_checkpoint_paths: "gone-1"\nall_model_checkpoint_paths: "gone-2"\n'
    )

    message = "it names old/m33_original.ckpt as the latest, which is not there; m33_original.ckpt lies beside it"
    assert scopeview.load(prefix).damage == (
        Damage("state", "checkpoint", message),
        Damage("state", "checkpoint", "it names 2 others that are not there: gone-1, gone-2"),
    )


def test_what_an_interrupted_save_left(tmp_path: Path) -> None:
    prefix = copied(tmp_path)
    (tmp_path / "m33.ckpt.tempstate123").write_bytes(b"")
    (tmp_path / "m33.ckpt_temp_0a1b").mkdir()

    assert [found.where for found in scopeview.load(prefix).damage] == ["m33.ckpt.tempstate123", "m33.ckpt_temp_0a1b"]


def test_a_missing_shard_is_damage(tmp_path: Path) -> None:
    prefix = copied(tmp_path)
    prefix.with_name("m33_original.ckpt.data-00000-of-00001").unlink()

    (found,) = scopeview.load(prefix).damage
    assert (found.kind, found.where) == ("shard", "m33_original.ckpt.data-00000-of-00001")
