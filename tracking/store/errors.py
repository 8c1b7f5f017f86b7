"""Errors of tracking stores."""

from __future__ import annotations


class TrackingUnavailable(RuntimeError):
    """The tracking store cannot be used. The message names the store and says what to do."""


class NoAnswer(TrackingUnavailable):
    """No MLflow server answers at the address of the store."""
