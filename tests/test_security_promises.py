"""Every promise of docs/security.md names tests that exist."""

from __future__ import annotations

import re

from tests.places import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def test_the_tests_that_are_named_exist() -> None:
    missing = {
        f"{path}::{name}"
        for path, name in NAMED
        if not (ROOT / path).is_file()
        or not re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)
    }
    assert missing == set()


def test_every_promise_names_a_test() -> None:
    promises = PAGE.split("## A hostile file")[1].split("## Limits")[0]
    rows = [row for row in promises.splitlines() if row.startswith("| ") and not row.startswith(("| promise", "|---"))]

    assert len(rows) > 20
    assert [row for row in rows if "::test_" not in row] == []


def test_the_limits_are_those_of_the_code() -> None:
    from scopeview.readers.fence import LONGEST_PATH
    from scopeview.server import connections, conversions, limits, queries, uploads
    from scopeview.workspace import MOST_MODELS

    for limit, shown in (
        (limits.LARGEST_HEAD, "64 KiB, whole within"),
        (limits.LARGEST_BODY, "64 KiB, no pause"),
        (limits.LARGEST_UPLOAD, f"{limits.LARGEST_UPLOAD >> 30} GiB; {uploads.MOST_BYTES >> 30} GiB"),
        (uploads.MOST_FILES, f"{uploads.MOST_FILES:,} files"),
        (conversions.MOST_BYTES, f"{conversions.MOST_BYTES >> 30} GiB and {conversions.MOST_FILES} files, the oldest"),
        (LONGEST_PATH, f"{LONGEST_PATH:,} characters"),
        (connections.HEAD_S, f"within {connections.HEAD_S:.0f} s"),
        (connections.KEEP_ALIVE_S, f"| {connections.KEEP_ALIVE_S} s"),
        (MOST_MODELS, f"| {MOST_MODELS:,} beside"),
        (queries.DEADLINE_S, f"; {queries.DEADLINE_S:.0f} s"),
    ):
        assert shown in PAGE, limit
    assert limits.LARGEST_HEAD == limits.LARGEST_BODY == 64 << 10
