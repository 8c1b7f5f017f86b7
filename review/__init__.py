"""Reviewing: the queue of decompositions that wait for a person, in a terminal, on a page and as JSON."""

from importlib import import_module
from typing import Any

_HOMES = {
    "AlreadyDecided": "errors",
    "AlreadyTaken": "errors",
    "Item": "items",
    "ReviewDesk": "desk",
    "ReviewQueue": "queue",
    "export_items": "exchange",
    "import_decisions": "exchange",
    "make_app": "web",
    "open_queue": "queue",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a name from its module when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
