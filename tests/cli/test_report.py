from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from scopeview.server.pages import static_folder
from tests.cli.running import Run
from tests.graphs import graph_def_from_text
from tests.places import SAMPLES

GAN = SAMPLES / "m17_gan.meta"


def test_a_file_is_written_and_named(scopeview: Run, tmp_path: Path) -> None:
    target = tmp_path / "out.html"

    ran = scopeview("report", GAN, "-o", target)

    assert (ran.code, ran.out) == (0, f"wrote {target}\n")
    text = target.read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert "4 of 8 variables used at several places" in text
    assert scopeview("report", GAN, "-o", "-").out == text


def test_the_json_says_the_same(scopeview: Run) -> None:
    def answer(*arguments: object) -> Any:
        found = json.loads(scopeview(*arguments, "--json").out)
        assert found.pop("schema_version") == 1
        return found

    found = answer("report", GAN)

    assert found["sharing"] == answer("sharing", GAN)
    assert found["collections"] == answer("collections", GAN)
    assert found["lint"] == answer("lint", GAN, "--severity", "info")
    assert [(row["path"], row["shared"]) for row in found["ops"]["rows"] if row["shared"]] == [
        ("discriminator/hidden", 2),
        ("discriminator/logits", 2),
        ("discriminator_1/hidden", 2),
        ("discriminator_1/logits", 2),
    ]


def test_a_checkpoint_beside_the_graph_is_held_against_it(scopeview: Run) -> None:
    graph, checkpoint = SAMPLES / "m33_renamed.meta", SAMPLES / "m33_original.ckpt"

    found = json.loads(scopeview("report", graph, checkpoint, "--json").out)

    assert "GC1" in {finding["code"] for finding in found["lint"]["findings"]}


def test_bad_use_is_one_sentence(scopeview: Run, tmp_path: Path) -> None:
    ran = scopeview("report", GAN)
    assert ran.code == 2
    assert "say where the report goes" in ran.err

    ran = scopeview("report", GAN, "--interactive", "--json")
    assert ran.code == 2
    assert "--json prints the content of a plain report" in ran.err

    ran = scopeview("report", GAN, "-o", tmp_path / "none" / "out.html")
    assert ran.code == 2
    assert ran.err.endswith(
        "out.html cannot be written: No such file or directory; name a file in a folder that exists\n"
    )


def test_the_page_with_its_answers_is_written_with_a_checkpoint(scopeview: Run, tmp_path: Path) -> None:
    if static_folder() is None:
        pytest.skip("the page was not built: pip install -e . builds it")
    path, target = tmp_path / "w.pb", tmp_path / "out.html"
    path.write_bytes(graph_def_from_text("v VariableV2 shape=2\nv/read Identity v\ny Neg v/read"))

    ran = scopeview("report", path, SAMPLES / "m33_original.ckpt", "--interactive", "-o", target)

    assert ran.code == 0
    assert re.fullmatch(rf"wrote {target}: \d+ kB, \d+ answers\n", ran.out)
    answers = gzip.decompress(b64decode(target.read_text("utf-8").partition('id="answers">')[2].partition("<")[0]))
    asked = [json.loads(line.partition(b"\t")[0]) for line in answers.splitlines()]
    assert {"diff", "diff/map", "diff/code", "models"} <= {path for path, _ in asked}
    assert any(path.endswith("/lint") and parameters for path, parameters in asked)
