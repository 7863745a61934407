"""The questions about two models: what differs, as a picture, as code that loads, as a file that was converted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from scopeview.analysis.diff.code import CodeForm, DiffCode, diff_code
from scopeview.analysis.diff.report import DiffReport, page_of
from scopeview.analysis.diff.ribbons import DiffMap, diff_map
from scopeview.analysis.diff.variables import Status
from scopeview.server.conversions import ConvertedFile, FileFormat, conversion
from scopeview.server.error_responses import RESPONSES
from scopeview.server.guidance import LONGEST, Edits, guidance_from
from scopeview.server.queries import Ask, Limit, Offset

router = APIRouter(prefix="/api", responses=RESPONSES)


@router.get("/diff", response_model=DiffReport)
async def diff_of(  # noqa: PLR0913 - one parameter per field of the query
    queries: Ask,
    a: str,
    b: str,
    status: Annotated[list[Status], Query(description="What to list; all but the same if left out.")] = [],  # noqa: B006
    slots: bool = True,
    offset: Offset = 0,
    limit: Limit = 500,
    edits: Edits = "",
) -> Any:
    """Compare two models, as `scopeview diff --json` does; entries come by the page."""
    given = guidance_from(edits)

    def page() -> DiffReport:
        report = queries.workspace.difference(a, b, given).report
        return page_of(report, status, slots=slots, offset=offset, limit=limit)

    return await queries.ask_both(a, b, page)


@router.get("/diff/map", response_model=DiffMap)
async def diff_map_of(  # noqa: PLR0913 - one parameter per field of the query
    queries: Ask,
    a: str,
    b: str,
    left: Annotated[list[str], Query(description="Variable scopes of A that are open.")] = [],  # noqa: B006
    right: Annotated[list[str], Query(description="Variable scopes of B that are open.")] = [],  # noqa: B006
    slots: bool = False,
    same: bool = True,
    limit: Limit = 1000,
    edits: Edits = "",
) -> Any:
    """Draw ribbons from the variables of one model to those of another."""
    given = guidance_from(edits)

    def picture() -> DiffMap:
        entries = queries.workspace.difference(a, b, given).report.entries
        return diff_map(entries, left, right, slots=slots, same=same, limit=limit)

    return await queries.ask_both(a, b, picture)


@router.get("/diff/code", response_model=DiffCode)
async def diff_code_of(queries: Ask, a: str, b: str, form: CodeForm, edits: Edits = "") -> Any:
    """Write the code that `scopeview diff --format` prints, or the pairs as `--map` takes them."""
    given = guidance_from(edits)
    return await queries.ask_both(a, b, lambda: diff_code(queries.workspace.difference(a, b, given), form, given))


class ConvertRequest(BaseModel):
    """Which values to write under whose names."""

    a: str = Field(max_length=100)
    b: str = Field(max_length=100)
    format: FileFormat
    drop_slots: bool = False
    """Whether optimizer slots are left out."""
    edits: str = Field(default="", max_length=LONGEST)


@router.post("/diff/converted", response_model=ConvertedFile)
async def converted(wanted: ConvertRequest, queries: Ask) -> Any:
    """Write the values of one side under the names of the other, as `scopeview convert --like` does, to be fetched.

    The file lies in a temporary folder of the server; the oldest files go when others need their room.
    """
    given, kept = guidance_from(wanted.edits), queries.allowed_paths.conversions
    asked = repr((sorted(wanted.model_dump().items()), kept.revision))

    def make() -> ConvertedFile:
        made = conversion(queries.workspace, wanted.a, wanted.b, given, drop_slots=wanted.drop_slots)
        return kept.make(made, wanted.format)

    return await queries.ask_both(wanted.a, wanted.b, make, question=asked)


@router.get("/converted/{identity}", response_class=FileResponse)
def converted_file(identity: str, queries: Ask) -> FileResponse:
    """Send a file that was converted."""
    path: Path = queries.allowed_paths.conversions.path(identity)
    headers = {"content-encoding": "identity", "cache-control": "no-store"}  # weights do not shrink
    return FileResponse(path, media_type="application/octet-stream", filename=path.name, headers=headers)
