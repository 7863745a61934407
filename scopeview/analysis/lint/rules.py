"""All rules: importing this module registers them, in the order in which they are shown."""

from __future__ import annotations

from scopeview.analysis.lint import (
    checkpoint_rules,
    import_rules,
    missed_sharing,
    naming_rules,
    object_rules,
    restore_rules,
    sharing_rules,
    storage_rules,
    trace_rules,
    training_rules,
)
from scopeview.analysis.lint.rule import RULES as _REGISTERED
from scopeview.analysis.lint.rule import place_of

_MODULES = (
    sharing_rules,
    naming_rules,
    training_rules,
    storage_rules,
    import_rules,
    missed_sharing,
    checkpoint_rules,
    restore_rules,
    object_rules,
    trace_rules,
)
"""Named so that the imports are seen to be used: each registers its rules."""

RULES = {code: _REGISTERED[code] for code in sorted(_REGISTERED, key=place_of)}
"""Every rule by its code: G graphs, C checkpoints, GC a graph and its checkpoint, O object graphs, T traces."""
