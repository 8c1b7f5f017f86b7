"""Choose the engine for a model and its device."""

from __future__ import annotations

from typing import Any

from .engine import Engine
from .grouped_engine import GroupedEngine


def choose_engine(chat: Any) -> Engine:
    """Return the engine for a chat model."""
    model = chat.llm.pipeline.model
    return GroupedEngine(model, max_batch_size=chat.max_batch_size, max_batch_tokens=chat.max_batch_tokens or 65536)
