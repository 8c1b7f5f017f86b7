"""What can go wrong with a decision."""


class AlreadyDecided(RuntimeError):
    """Somebody else decided this item, or its run went on."""


class AlreadyTaken(RuntimeError):
    """A run has taken the decision up: it cannot be undone any more."""


class StoreError(RuntimeError):
    """The store of reviews cannot be opened."""
