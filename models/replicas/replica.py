"""What runs in a replica's process: one chat model, loaded there, and the calls that are sent to it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

COMPARED = ("torch", "transformers", "openvino-genai", "langchain-core")
"""Packages whose version a reply may depend on."""


@dataclass(frozen=True)
class Told:
    """What a replica tells of itself when its model is loaded.

    Attributes:
        node: address and the beginning of the id of its node.
        kind: name of the class of its chat model, as LangChain's traces call it.
        options: call options that the model has fields for.
        continues: whether it continues a last assistant message.
        room: calls that it decodes together, None if it does not tell.
        facts: as the model tells them.
        params: LangChain's parameters for traces.
        versions: of `COMPARED` and Python.
    """

    node: str
    kind: str
    options: frozenset[str]
    continues: bool
    room: int | None
    facts: dict[str, Any]
    params: dict[str, Any]
    versions: dict[str, str] = field(default_factory=dict)


class Replica:
    """An async actor with one chat model.

    The model is loaded by the first call, not when the actor is made: an error then reaches the caller as it is, and Ray does
    not mistake it for a dead actor.

    Args:
        load: returns the chat model.
    """

    def __init__(self, load: Callable[[], BaseChatModel]) -> None:
        self._load = load
        self._loading: asyncio.Task[BaseChatModel] | None = None
        self._node = _node()

    async def tell(self) -> Told:
        """Load the model, if that has not been done, and describe it."""
        model = await self._model()
        return Told(
            node=self._node,
            kind=model._llm_type,
            options=frozenset(type(model).model_fields),
            continues=bool(getattr(model, "continues", False)),
            room=getattr(model, "max_batch_size", None),
            facts=getattr(model, "facts", {}),
            params=dict(model._get_ls_params()),
            versions=_versions(),
        )

    async def where(self) -> str:
        """Return the node, without loading the model."""
        return self._node

    async def ask(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> ChatResult:
        """Return the model's reply."""
        model = await self._model()
        return await model._agenerate(messages, stop, None, **options)

    async def stream(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Yield the model's reply in chunks; in one where it does not stream."""
        model = await self._model()
        if type(model)._stream is BaseChatModel._stream and type(model)._astream is BaseChatModel._astream:
            yield _whole(await model._agenerate(messages, stop, None, **options))
            return
        async for chunk in model._astream(messages, stop, None, **options):
            yield chunk

    async def _model(self) -> BaseChatModel:
        """Load once, whoever asks first, without holding up the other calls; what failed to load is tried again when asked."""
        if self._loading is None or (self._loading.done() and self._loading.exception()):
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load))
        return await asyncio.shield(self._loading)


def _whole(result: ChatResult) -> ChatGenerationChunk:
    generation = result.generations[0]
    message = AIMessageChunk(**generation.message.model_dump(exclude={"type"}), chunk_position="last")
    return ChatGenerationChunk(message=message, generation_info=generation.generation_info)


def _node() -> str:
    import ray

    return f"{ray.util.get_node_ip_address()}/{ray.get_runtime_context().get_node_id()[:6]}"


def _versions() -> dict[str, str]:
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in COMPARED:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
