"""What can go wrong with replicas."""

from __future__ import annotations


class ReplicaError(RuntimeError):
    """A replica could not load its model, or none is left to answer; the message names the replica, the node and the cause."""
