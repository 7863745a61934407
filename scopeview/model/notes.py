"""Notes about an artifact; some of them say that part of it is not there."""

from __future__ import annotations


class NotRead(str):
    """A note that says that part of the file could not be read: what the model lacks may stand in that part."""

    __slots__ = ()
