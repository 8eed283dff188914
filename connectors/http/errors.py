"""The one error of the transport that the tree does not have: a dry run that tried to write."""

from __future__ import annotations

from canonical.errors import FatalError


class ReadOnlyError(FatalError):
    """A dry run tried to send something that is not on the allow-list of reads."""
