"""The error that replicas raise."""

from __future__ import annotations


class ReplicaError(RuntimeError):
    """A replica could not load its model, or no replica is left to answer. The message names the replica, node and cause."""
