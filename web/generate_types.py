"""Write `web/src/lib/schema.ts`: the types of the server's answers, from its own OpenAPI description.

python web/generate_types.py [--print]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE / "src" / "lib" / "schema.ts"
TOOL = HERE / "node_modules" / ".bin" / "openapi-typescript"


def schema() -> str:
    """Return the description of the server as JSON; a trailing underscore is how Python spells `from`."""
    from scopeview.server.app import create_app
    from scopeview.workspace import Workspace

    return json.dumps(create_app(Workspace()).openapi(), indent=2).replace('"from_"', '"from"')


def types() -> str:
    """Return the TypeScript that stands for the description."""
    with tempfile.TemporaryDirectory() as folder:
        described = Path(folder) / "openapi.json"
        described.write_text(schema(), "utf-8")
        done = subprocess.run(
            [str(TOOL), str(described), "--root-types", "--root-types-no-schema-prefix"],
            capture_output=True, text=True, check=True, cwd=HERE,
        )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(types())
    else:
        TARGET.write_text(types(), "utf-8")
