"""A lint report as SARIF 2.1.0, which code hosts show beside a change.

Names of a graph are logical locations, the file is the physical one. Format:
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from scopeview import __version__
from scopeview.analysis.lint.rules import RULES
from scopeview.analysis.lint.run import Finding, LintReport

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: LintReport) -> Mapping[str, object]:
    """Return the report as one run of SARIF; rules are listed whether they found something or not."""
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "scopeview", "version": __version__, "rules": _rules()}},
                "results": [_result(finding, report) for finding in report.findings],
            }
        ],
    }


def _rules() -> list[Mapping[str, object]]:
    return [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": rule.why},
            "help": {"text": rule.fix},
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        }
        for rule in RULES.values()
    ]


def _result(finding: Finding, report: LintReport) -> Mapping[str, object]:
    evidence = f" ({', '.join(finding.evidence[:8])})" if finding.evidence else ""
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}{evidence}"},
        "locations": [
            {
                "physicalLocation": _place(finding, report),
                "logicalLocations": [{"fullyQualifiedName": finding.where}],
            }
        ],
        "partialFingerprints": {"scopeview/v1": f"{finding.code}:{finding.where}"},
    }


def _place(finding: Finding, report: LintReport) -> Mapping[str, object]:
    """Return the line of the program that a finding is about, or the artifact."""
    if not finding.lines:
        return {"artifactLocation": {"uri": quote(Path(report.path).as_posix())}}
    frame = finding.lines[0]
    return {
        "artifactLocation": {"uri": quote(Path(frame.file).as_posix())},
        "region": {"startLine": max(1, frame.line)},
    }
