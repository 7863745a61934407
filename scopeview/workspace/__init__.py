"""The models that are open and what was already worked out of them: the only state.

A model is opened in the background and has a short id. Answers are kept as the bytes that are sent, newest last, within
a budget; a model that is opened again starts afresh.
"""

from scopeview.workspace.entry import OpenModel
from scopeview.workspace.lanes import Job
from scopeview.workspace.workspace import MOST_MODELS, Workspace

__all__ = ["MOST_MODELS", "Job", "OpenModel", "Workspace"]
