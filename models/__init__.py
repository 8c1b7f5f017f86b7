"""Teachers and students: any LangChain chat model, the local student, the recorded and the scripted model."""

from importlib import import_module
from typing import Any

_HOMES = {
    "BatchedChatHuggingFace": "batched",
    "RecordedTeacher": "recorded",
    "ScriptedChatModel": "scripted",
    "load_chat_model": "load",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a model when it is first used: the local student needs torch, the others do not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
