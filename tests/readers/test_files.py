from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scopeview
from scopeview.errors import DamagedError, NotFoundError
from scopeview.readers.budget import Limits, budget_for, limited
from scopeview.readers.files import FileBytes, look_into, read_file
from tests.places import SAMPLES


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(min_size=1, max_size=300),
    cuts=st.lists(st.tuples(st.integers(-320, 320), st.integers(-320, 320))),
)
def test_pieces_of_a_file_are_those_of_its_bytes(
    content: bytes, cuts: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scopeview.readers.files._CHUNK", 16)
    path = tmp_path / "file"
    path.write_bytes(content)
    found = FileBytes(path)

    assert len(found) == len(content)
    for first, last in cuts:
        assert found[first:last] == content[first:last]
        if -len(content) <= first < len(content):
            assert found[first] == content[first]
        else:
            with pytest.raises(IndexError):
                found[first]
    with pytest.raises(ValueError, match="without steps"):
        found[::2]


@pytest.mark.parametrize("change", ["grown", "truncated", "rewritten"])
def test_a_file_that_changes_while_it_is_open_is_reported(change: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * (3 << 20))
    found = FileBytes(path)
    assert found[:2] == b"aa"

    if change == "truncated":
        os.truncate(path, 10)
    else:
        with path.open("ab" if change == "grown" else "r+b") as file:
            file.write(b"b")
        os.utime(path, ns=(1, 1))

    with pytest.raises(DamagedError, match="has changed since it was opened; reload it"):
        found[2 << 20 : 3 << 20]


def test_a_file_that_is_replaced_or_removed_is_read_on(tmp_path: Path) -> None:
    """The descriptor holds what was opened: a saver that replaces the file takes nothing away."""
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_bytes(b"a" * (2 << 20))
    other.write_bytes(b"b")
    found = FileBytes(path)

    other.replace(path)

    assert found[1 << 20 :] == b"a" * (1 << 20)


def test_a_model_outlives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "graph.pb"
    path.write_bytes((SAMPLES / "m12_name_scope_mistake.pb").read_bytes())
    whole, model = scopeview.load(SAMPLES / "m12_name_scope_mistake.pb"), scopeview.load(path)

    path.write_bytes(b"")

    assert [model.graph.attributes(row) for row in model.graph] == [whole.graph.attributes(row) for row in whole.graph]


def test_a_bomb_is_unpacked_as_far_as_the_budget_goes(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pbtxt.gz"
    path.write_bytes(gzip.compress(b"# " + bytes([97]) * 998 + b"\n") * 500_000)

    with budget_for(1000) as budget:
        found = look_into(path)

    assert 380 << 20 < len(found) <= 384 << 20
    assert any("--limit-memory allows more" in cut for cut in budget.cuts)
    with limited(Limits(memory_bytes=1 << 20)), budget_for(1000):
        assert len(look_into(path)) <= 1 << 20


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")

    with pytest.raises(DamagedError, match="is empty"):
        read_file(tmp_path / "empty")
    with pytest.raises(NotFoundError, match="cannot be read: No such file"):
        read_file(tmp_path / "nothing")
