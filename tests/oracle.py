"""Ask TensorFlow: a process imports it once and forks for each question, so that an abort costs one answer."""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

from tests.places import ROOT


class Oracle:
    """The oracle's process; `ask` blocks until it answers."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.oracle_server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def ask(self, question: str, path: object, **arguments: Any) -> dict[str, Any]:
        """Return TensorFlow's answer; `{"refused": why}` where it refuses or ends."""
        assert self._process.stdin is not None and self._process.stdout is not None
        request = {"question": question, "path": str(path), **arguments}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the oracle's process ended"
        found: dict[str, Any] = json.loads(answer)
        return found
