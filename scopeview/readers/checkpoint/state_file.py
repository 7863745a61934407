"""A state file that is opened itself: the checkpoint that it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scopeview.errors import DamagedError, NotFoundError
from scopeview.model.model import Model
from scopeview.readers.checkpoint.reader import checkpoint_artifact
from scopeview.readers.checkpoint.state import latest_prefix, read_state, table_path
from scopeview.readers.fence import or_outside
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.sniff import sniff_text


class StateFileReader:
    """Opens the checkpoint that a state file names."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether the fields are those of a CheckpointState."""
        return sniff_text(content, "checkpoint_state")

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the latest checkpoint that the file names.

        Raises:
            NotFoundError: it is not there.
            DamagedError: the file names none.
        """
        del name
        named = read_state(content.path)
        if not named:
            raise DamagedError(f"{content.path} names no checkpoint; pass the prefix of one that is there")
        prefix = latest_prefix(content.path)
        table = table_path(prefix) if prefix is not None else None
        if table is None:
            missing = prefix if prefix is not None else f"{named[0][:200]!r}, which no file can have as its name"
            raise NotFoundError(
                f"{content.path} names the checkpoint {missing}, which is not there{or_outside()}; "
                "pass the prefix of one that is"
            )
        return [checkpoint_artifact(table, "checkpoint")]

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Never called: the artifact that is listed is another reader's."""
        raise NotImplementedError
