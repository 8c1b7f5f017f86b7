"""What can go wrong with a tracking store."""

from __future__ import annotations


class TrackingUnavailable(RuntimeError):
    """The tracking store cannot be used now; the message names it and says what to do."""
