"""The documentation says what is true today."""

from __future__ import annotations

import dataclasses
import re
import runpy
import tomllib

import pytest

import scopeview
from docs import console, json_reference, man_page
from docs.build import command_line, lint_rules, picture, python_api
from docs.json_reference import results, undocumented
from scopeview import __version__
from scopeview.analysis.query import FIELDS
from tests.places import ROOT


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_generated_pages_are_fresh() -> None:
    assert read("docs/cli.md") == command_line(), "run: make docs"
    assert read("docs/images/inspect.svg") == picture(), "run: make docs"
    assert read("docs/json.md") == json_reference.page(), "run: make docs"
    assert read("docs/api.md") == python_api(), "run: make docs"
    assert read("docs/lint.md") == lint_rules(), "run: make docs"
    assert read("docs/scopeview.1") == man_page.page(), "run: make docs"


@pytest.mark.parametrize("name", console.PAGES)
def test_guides_show_what_commands_print(name: str) -> None:
    page = read(f"docs/{name}")

    assert page == console.filled(name), "run: make docs"
    assert "Traceback" not in page


def test_the_examples_are_of_the_scripts_beside_them() -> None:
    """Lines that the records name are lines of the scripts, so that the guides show them rightly."""
    for name in ("train", "faulty", "name_scope"):
        trace = scopeview.load(ROOT / "docs" / "examples" / f"{name}.scopetrace").trace
        assert trace is not None
        for request in trace.variables:
            frame = request.frames[0]
            assert re.search("get_variable|Variable", read(f"docs/examples/{frame.file}").splitlines()[frame.line - 1])


def test_every_guide_is_in_the_site() -> None:
    site = read("mkdocs.yml")

    assert {page.name for page in (ROOT / "docs").glob("*.md") if page.name not in site} == set()


def test_the_newest_release_in_the_changelog_is_the_version() -> None:
    sections = re.findall(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    releases = [name for name in sections if name != "Unreleased"]

    assert sections.count("Unreleased") <= 1
    assert releases[0] == __version__


def test_every_field_of_the_json_is_documented() -> None:
    assert undocumented() == [], "write a docstring below the field, or a line in docs/json_fields.toml"


def test_what_json_fields_says_is_of_fields_that_are_there() -> None:
    """A meaning whose type or field is gone is stale."""
    fields = {f"{result.__name__}.{field.name}" for result in results() for field in dataclasses.fields(result)}

    assert set(tomllib.loads(read("docs/json_fields.toml"))["own"]) - fields == set()


def test_every_search_field_is_in_the_help() -> None:
    page = read("docs/cli.md")

    assert {name for name in FIELDS if f"{name}:" not in page} == set()


def test_what_the_page_takes_from_python_is_written_again() -> None:
    """Columns, roles, words and colors are declared once, in Python."""
    written = runpy.run_path(str(ROOT / "web" / "generate_declared.py"))

    assert read("web/src/lib/declared.ts") == written["script"](), "run: make types"
    assert read("web/src/styles/tokens.css") == written["style"](), "run: make types"


def test_links_of_the_readme_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        links = re.findall(r"\]\(([^)#]+)\)", read(name))
        assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_constraints_pin_everything_that_the_project_needs() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in read("constraints.txt").splitlines()}

    names = {re.split(r"[><=\s]", entry)[0].lower().replace("_", "-") for entry in needed}
    assert names <= pinned
    assert "://" not in read("constraints.txt")
