"""How an artifact is read: what a path holds, and the model of one of the things it holds.

protocol     what a reader of one format is, and what an artifact says that it can do
registry     the readers
artifacts    what a path holds; ranking: which of it opens
opening      one artifact as a model, with the checkpoint that has its values
"""

from __future__ import annotations

from scopeview.readers.artifacts import find_artifacts
from scopeview.readers.budget import Limits, limited
from scopeview.readers.opening import is_named_as_one, read, read_beside, with_stored_values, with_values
from scopeview.readers.protocol import Artifact

__all__ = [
    "Artifact",
    "Limits",
    "find_artifacts",
    "is_named_as_one",
    "limited",
    "read",
    "read_beside",
    "with_stored_values",
    "with_values",
]
