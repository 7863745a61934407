"""Write the generated parts of the documentation: `python docs/build.py`.

docs/images/inspect.svg   what `scopeview inspect` prints for a sample
docs/cli.md               the help of every command
docs/json.md              every type that `--json` prints, from the result dataclasses
docs/scopeview.1          the manual page
docs/index.md, ...        what commands print in the guides (docs/console.py)
docs/api.md               the functions of the package, from their docstrings
docs/lint.md              the page of every lint rule, from its docstring
docs/corpus.md            how every artifact of the corpus of real files opened; only where the corpus is
"""

from __future__ import annotations

import inspect
import io
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

if TYPE_CHECKING:
    from scopeview.model.model import Model

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docs import console, json_reference, man_page  # noqa: E402

PICTURE = ("sample_graphs/artifacts/m17_gan.meta",)
WIDTH, HEIGHT = 100, 64

_SVG = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img"
  aria-label="output of scopeview inspect">
<style>
{styles}
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
</style>
<rect width="100%" height="100%" rx="8" fill="#16181d"/>
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix" xml:space="preserve">
{matrix}
</g>
</g>
</svg>
"""

_THEME = TerminalTheme(
    (22, 24, 29),
    (215, 218, 224),
    [(60, 64, 72), (224, 108, 117), (126, 190, 120), (229, 192, 123), (97, 175, 239), (198, 140, 232), (86, 182, 194),
     (171, 178, 191)],
    [(120, 126, 138), (224, 108, 117), (126, 190, 120), (229, 192, 123), (97, 175, 239), (198, 140, 232),
     (86, 182, 194), (255, 255, 255)],
)  # fmt: skip


def main() -> None:
    """Write every generated part."""
    (ROOT / "docs/images/inspect.svg").write_text(picture(), "utf-8")
    (ROOT / "docs/cli.md").write_text(command_line(), "utf-8")
    (ROOT / "docs/lint.md").write_text(lint_rules(), "utf-8")
    (ROOT / "docs/json.md").write_text(json_reference.page(), "utf-8")
    (ROOT / "docs/api.md").write_text(python_api(), "utf-8")
    (ROOT / "docs/scopeview.1").write_text(man_page.page(), "utf-8")
    console.main()
    table = corpus_table()
    if table:
        (ROOT / "docs/corpus.md").write_text(table, "utf-8")


def run(*arguments: str, **environment: str) -> str:
    """Return what the command line prints, run from the top of the project."""
    command = [sys.executable, "-m", "scopeview", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return done.stdout


def picture() -> str:
    """Return the output of `scopeview inspect` as SVG, in a font of the reader's own machine."""
    printed = run("inspect", *PICTURE, "--color", COLUMNS=str(WIDTH), LINES=str(HEIGHT))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(f"$ scopeview inspect {PICTURE[0]}"))
    console.print(Text.from_ansi(printed), crop=False)
    return console.export_svg(
        title="scopeview inspect", code_format=_SVG, theme=_THEME, unique_id="scopeview", font_aspect_ratio=0.6
    )


def command_line() -> str:
    """Return the help of every command as a page."""
    from scopeview.cli.main import COMMANDS

    parts = ["# The command line", "", "Written by `make docs`; the tests say when it is stale.", ""]
    for arguments in ((), *((command,) for command in COMMANDS)):
        title = " ".join(("scopeview", *arguments))
        parts += [f"## `{title}`", "", "```", run(*arguments, "--help", COLUMNS="100").rstrip(), "```", ""]
        parts += variable_columns() if arguments == ("find",) else ()
    return "\n".join(parts)


def variable_columns() -> list[str]:
    """Return the table of the columns that variables are listed with, and searched by."""
    from scopeview.analysis.variable_columns import COLUMNS

    heads = [column.head for column in COLUMNS]
    return [
        "Columns of variables, for `--columns`, in CSV, and in the page's table; most are search fields:",
        "",
        "| column | search field | what it says |",
        "|---|---|---|",
        *(f"| `{head.key}` | {f'`{head.search}:`' if head.search else ''} | {head.help} |" for head in heads),
        "",
    ]


_API_HEAD = """# The Python API

Every question is a function of `scopeview`; `load` reads what they are asked about. Answers are frozen dataclasses with
the fields of [the JSON](json.md), and `to_json` writes them so. Written by `make docs` from the docstrings.

```python
import scopeview

model = scopeview.load("model.meta")  # or a live tf.Graph
for use in scopeview.sharing(model).variables:
    print(use.name, [site.scope for site in use.call_sites])
```
"""


def python_api() -> str:
    """Return the page of the package's public functions."""
    import scopeview

    parts = [_API_HEAD]
    for name in ("load", *(name for name in scopeview.__all__ if name != "load")):
        function = getattr(scopeview, name)
        if not inspect.isfunction(function):
            continue
        signature = re.sub(r"(: |-> )'([^']+)'", r"\1\2", str(inspect.signature(function)))
        parts += [f"## `{name}`", "", "```python", f"{name}{signature}", "```", "", *_docstring(function), ""]
    return "\n".join(parts).rstrip() + "\n"


def _docstring(function: object) -> list[str]:
    """Return a docstring as Markdown: `Args:` and `Raises:` become lists."""
    lines = []
    for line in (inspect.getdoc(function) or "").splitlines():
        field = re.match(r"    (\w+): (.*)", line)
        lines.append(f"- `{field[1]}`: {field[2]}" if field else re.sub(r"^(Args|Raises|Returns):$", r"\1:\n", line))
    return lines


def lint_rules() -> str:
    """Return the page of every lint rule."""
    from scopeview.analysis.lint.rules import RULES

    families = {
        "G": "Graphs", "C": "Checkpoints", "GC": "A graph and its checkpoint", "O": "Object graphs of TensorFlow 2",
        "T": "Traces of programs",
    }  # fmt: skip
    parts = [_LINT_HEAD]
    for family, title in families.items():
        parts += [f"## {title}", ""]
        for rule in RULES.values():
            if rule.code.rstrip("0123456789") == family:
                parts += [f"### {rule.code} {rule.name} ({rule.severity})", "", rule.summary, ""]
                parts += [f"*Why.* {_line(rule.why)}", "", f"*Example.* {_line(rule.example)}", ""]
                parts += [f"*Fix.* {_line(rule.fix)}", ""]
    return "\n".join(parts)


def _line(text: str) -> str:
    return " ".join(text.split())


_LINT_HEAD = """# The lint rules

`scopeview lint PATH [CHECKPOINT]` applies them; `--select`, `--ignore` and `--severity` choose, `--explain G2` prints
one. How often each of them finds something in the corpus of real artifacts is in [corpus.md](corpus.md). Written
by `make docs` from the docstrings of the rules.
"""


def corpus_table() -> str:
    """Return the page about the corpus, or nothing where there is no corpus."""
    import scopeview
    from tests.places import CORPUS, corpus
    from tests.test_corpus import TAGS

    tried: Counter[str] = Counter()
    opened: Counter[str] = Counter()
    judged = Judged()
    reasons: dict[str, Counter[str]] = {}
    for row in corpus():
        tried[row["kind"]] += 1
        try:
            judged.add(row["id"], scopeview.load(CORPUS / row["entry"], tags=TAGS.get(row["id"])))
            opened[row["kind"]] += 1
        except scopeview.ScopeviewError as error:
            reason = str(error).replace(str(CORPUS / row["entry"]), "").strip()
            reasons.setdefault(row["kind"], Counter())[_short(reason)] += 1
    if not tried:
        return ""
    rows = [
        f"| {kind} | {tried[kind]} | {opened[kind]} | {tried[kind] - opened[kind]} | {_why(reasons.get(kind))} |"
        for kind in sorted(tried)
    ]
    total = f"| **all** | {tried.total()} | {opened.total()} | {tried.total() - opened.total()} | |"
    return "\n".join([_CORPUS_HEAD, *rows, total, "", *judged.page(), ""])


_WARNINGS_READ = """## False alarms

Read one by one on 2026-11-26: every error, and 50 of the 105 warnings, drawn by `random.seed(50)` and `random.sample`.
None was found to say what is not so; those of G11 in `.meta` files were compared with what TensorFlow's own messages
hold (no `Apply*` op takes the variable). Six of the 50 warnings (12 %) help nobody:

| rule | where | why it helps nobody |
|---|---|---|
| G9 | tfx-bench/tfma_saved_model | counters of metrics, which nobody means to save |
| G9 | serving-bundle/half_plus_two | names of assets, beside a `global_step` that is missed |
| G10, G18 | chicago-taxi-eval | two counters of a metric that is not asked for, reported twice |
| G25, G25 | tf-jit/keras_imagenet_main_graph_mode | the names are scrambled, so that no scope can fit |
"""


class Judged:
    """What the analyses say of the corpus, counted."""

    def __init__(self) -> None:
        self.findings: Counter[tuple[str, str]] = Counter()
        self.artifacts: Counter[str] = Counter()
        self.errors: list[str] = []
        self.variables: Counter[str] = Counter()

    def add(self, name: str, model: Model) -> None:
        """Analyze one model."""
        from scopeview.analysis.answers.sharing import use_of
        from scopeview.analysis.context import AnalysisContext
        from scopeview.analysis.lint.rule import Subject
        from scopeview.analysis.lint.run import lint
        from scopeview.analysis.variable_row import rows_of
        from scopeview.readers import read_beside

        context, beside = AnalysisContext(model), read_beside(model)
        report = lint(Subject(context, AnalysisContext(beside) if beside is not None else None))
        self.findings.update((finding.code, finding.severity) for finding in report.findings)
        self.artifacts.update({finding.code for finding in report.findings})
        self.errors += [f"{f.code} in {name}: {f.message}" for f in report.findings if f.severity == "error"]
        if not model.origin.format.startswith("checkpoint"):
            unread = (use_of(row).unread for row in rows_of(context))
            self.variables.update(
                "read" if not why else "an optimizer's or another's" if why.startswith("it exists for") else why
                for why in unread
            )

    def page(self) -> list[str]:
        """Return the sections about sharing and lint."""
        total = self.variables.total()
        lines = [
            "## Readers",
            "",
            f"Of {total:,} variables in graphs, every one is read or has a reason not to be:",
            "",
        ]
        lines += ["| variables | what |", "|---|---|"]
        lines += [f"| {number:,} ({number / total:.1%}) | {what} |" for what, number in self.variables.most_common()]
        lines += ["", "## Findings", "", "| rule | severity | findings | artifacts |", "|---|---|---|---|"]
        lines += [
            f"| {code} | {severity} | {number} | {self.artifacts[code]} |"
            for (code, severity), number in sorted(self.findings.items(), key=lambda item: _rule_order(*item[0]))
        ]
        lines += ["", "Errors, each of them looked at:", ""]
        return [*lines, *(f"- {error}" for error in self.errors), "", *_WARNINGS_READ.splitlines()]


def _rule_order(code: str, severity: str) -> tuple[str, int, str]:
    family = code.rstrip("0123456789")
    return family, int(code.removeprefix(family)), severity


_CORPUS_HEAD = """# The corpus

Artifacts of public repositories that nobody of this project wrote; the tests use them where they are, the project
holds no copies. Every one of them opens, or is refused with a reason; each that opens equals what `tf.compat.v1` says
of it (`tests/test_corpus.py`). Kinds are those of the corpus's manifest; `other` is what is not TensorFlow's.
Written by `make docs`.

| kind | tried | opened | refused | why |
|---|---|---|---|---|"""


def _short(reason: str) -> str:
    return reason.removeprefix("is ").split(";")[0].split(":")[-1].strip()[:90]


def _why(reasons: Counter[str] | None) -> str:
    if not reasons:
        return ""
    return "; ".join(f"{count} {reason}" for reason, count in reasons.most_common())


if __name__ == "__main__":
    main()
