"""Trace-of-Thought prompting: a teacher writes the steps, a small student follows them, the answer is verified."""

from importlib import import_module
from typing import Any

_HOMES = {
    "ModelError": "nodes.failures",
    "TraceResult": "graphs.embed",
    "as_node": "graphs.embed",
    "as_tool": "graphs.tool",
    "asolve": "graphs.embed",
    "build_baseline": "graphs.baselines",
    "build_trace_of_thought": "graphs.trace_of_thought",
    "load_chat_model": "models.load",
    "load_problems": "problems",
    "load_prompts": "prompts",
    "solve": "graphs.embed",
    "verify_answer": "verification",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name from its room when it is first used, so that importing the package stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'trace_of_thought' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
