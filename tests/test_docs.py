"""The documentation says what is true today."""

from __future__ import annotations

import dataclasses
import re
import tomllib

from docs.build import command_line, lint_rules, picture
from scopeview import __version__
from scopeview.analysis import report as model_report
from scopeview.analysis.answers import collections, find, inspect, sharing, show, values
from scopeview.analysis.derive import accesses, auxiliary, call_sites, savers
from scopeview.analysis.diff import graphs, report, restore, value_change, variables
from scopeview.analysis.lint import run
from scopeview.analysis.query import FIELDS
from tests.places import ROOT


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_generated_pages_are_fresh() -> None:
    assert read("docs/cli.md") == command_line(), "run: make docs"
    assert read("docs/images/inspect.svg") == picture(), "run: make docs"
    assert read("docs/lint.md") == lint_rules(), "run: make docs"


def test_the_changelog_starts_with_the_version() -> None:
    first = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)

    assert first is not None
    assert first[1] == __version__


def test_every_field_of_the_json_is_documented() -> None:
    page = read("docs/json.md")
    results = [
        getattr(module, name)
        for module in (
            inspect,
            show,
            find,
            accesses,
            call_sites,
            collections,
            savers,
            sharing,
            auxiliary,
            run,
            graphs,
            model_report,
            report,
            values,
            value_change,
            variables,
            restore,
        )
        for name in dir(module)
        if name not in ("Diff", "Wanted")
        and dataclasses.is_dataclass(getattr(module, name))
        and getattr(module, name).__module__ == module.__name__
    ]
    fields = {field.name for result in results for field in dataclasses.fields(result) if field.name[0] != "_"}
    fields = {field.rstrip("_") for field in fields}
    fields -= {field.name for result in results if result.__name__[0] == "_" for field in dataclasses.fields(result)}
    # Scopes of `show` list what their names say.
    obvious = {"op_types", "devices", "child_scopes", "total_child_scopes", "total_variables"}
    missing = {name for name in fields - obvious if not re.search(rf"[`.]{name}\b", page)}
    assert missing == set()


def test_every_search_field_is_in_the_help() -> None:
    page = read("docs/cli.md")

    assert {name for name in FIELDS if f"{name}:" not in page} == set()


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
