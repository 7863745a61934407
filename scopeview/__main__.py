"""`python -m scopeview` and the `scopeview` command."""

from __future__ import annotations

from scopeview.cli.main import main

if __name__ == "__main__":
    main()
