"""Errors of tracking stores."""

from __future__ import annotations


class TrackingUnavailable(RuntimeError):
    """The tracking store cannot be used; the message names it and says what to do."""
