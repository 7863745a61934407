"""`python -m scopeview` and the `scopeview` command."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line without Python's garbage collector, which takes a fifth of a short command.

    Each collection walks all modules, classes and what was read, and finds next to nothing: a command answers and ends.
    `cli.main` switches the collector on for commands that may run for long. The last collections are the
    interpreter's own as it ends; what is frozen they skip.
    """
    gc.disable()
    from scopeview.cli.main import main as run

    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
