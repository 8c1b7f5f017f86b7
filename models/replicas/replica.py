"""The part that runs in the process of a replica: it loads one chat model and calls it. The door is `Replica`."""

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
"""Packages whose version can change a reply."""


@dataclass(frozen=True)
class Told:
    """Description of a replica whose model is loaded.

    Attributes:
        node: address of its node, and the beginning of the node's id.
        kind: type of its chat model in LangChain's traces.
        options: names of the model's fields.
        continues: whether the model continues a final assistant message.
        room: maximum number of calls that the model decodes together, None if it has no such limit.
        facts: what was chosen when the model was loaded, such as dtype and device.
        params: LangChain's parameters for traces.
        versions: versions of Python and the packages in `COMPARED`.
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
    """An async Ray actor with one chat model.

    The first call loads the model, not the constructor: so the caller gets the loader's own error, and Ray does not take the
    actor for dead.

    Args:
        load: returns the chat model.
    """

    def __init__(self, load: Callable[[], BaseChatModel]) -> None:
        self._load = load
        self._loading: asyncio.Task[BaseChatModel] | None = None
        self._node = _node()

    async def tell(self) -> Told:
        """Load the model if needed, and return its description."""
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
        """Return the node of this replica, without loading the model."""
        return self._node

    async def ask(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> ChatResult:
        """Return the model's reply."""
        model = await self._model()
        return await model._agenerate(messages, stop, None, **options)

    async def stream(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Yield the model's reply in chunks; a single one if the model cannot stream."""
        model = await self._model()
        # with neither method, LangChain's default raises NotImplementedError
        if type(model)._stream is BaseChatModel._stream and type(model)._astream is BaseChatModel._astream:
            yield _whole(await model._agenerate(messages, stop, None, **options))
            return
        async for chunk in model._astream(messages, stop, None, **options):
            yield chunk

    async def _model(self) -> BaseChatModel:
        """Return the model. The first caller loads it in a thread; after a failure the next caller tries again."""
        if self._loading is None or (self._loading.done() and self._loading.exception()):
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load))
        # a cancelled caller must not cancel the load that others wait for
        return await asyncio.shield(self._loading)


def _whole(result: ChatResult) -> ChatGenerationChunk:
    """Return a whole reply as a single chunk."""
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
        except PackageNotFoundError:  # not every replica has an engine of its own
            continue
    return found
