"""Errors of reviews."""


class AlreadyDecided(RuntimeError):
    """Another reviewer decided this item first, or another program answered it."""


class AlreadyTaken(RuntimeError):
    """A run has already used the decision, so it cannot be undone."""


class StoreError(RuntimeError):
    """The review store cannot be opened or used; the message names it."""
