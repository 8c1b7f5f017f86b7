"""The replicas of one model on Ray, on the driver's side: send calls, and repeat lost ones. The door is `ReplicaGroup`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import ray
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from .background import BackgroundLoop
from .errors import ReplicaError
from .places import ROOM, Place, Places
from .replica import Told
from .waiting import Limit, cancel, next_of, result_of
from .watching import Resources, Watch

logger = logging.getLogger(__name__)

MOST_LOSSES = 6
"""Number of losses after which a call fails. It probably kills its replicas itself, for example by its memory."""


class ReplicaGroup:
    """The replicas of one model. Calls may come from any thread and event loop.

    Lost calls are repeated here and never by Ray, so that each loss is counted.

    Attributes:
        places: one for each replica.
        closed: whether the group was closed.
    """

    def __init__(self, label: str, load: Callable[[], BaseChatModel], count: int, resources: Resources) -> None:
        """Request the replicas; `start` waits for them. Ray must be connected.

        Args:
            label: name of the model in messages.
            load: returns the chat model; called in each replica.
            count: number of replicas.
            resources: of each replica.
        """
        self.places = Places([Place(name=str(number), room=ROOM) for number in range(1, count + 1)])
        self.closed = False
        self._label = label
        self._loop = BackgroundLoop(f"replicas of {label}")
        self._watch = Watch(label, load, self.places, resources, self._loop)

    def start(self) -> None:
        """Wait until the replicas are loaded; raises as `Watch.start` does."""
        self._watch.start()

    @property
    def described(self) -> Told:
        """Description of the first replica that loaded its model.

        Raises:
            ReplicaError: the group has not started.
        """
        if self._watch.told is None:
            raise ReplicaError(f"the replicas of {self._label!r} have not started")
        return self._watch.told

    def close(self) -> None:
        """Stop the replicas. Pending calls fail."""
        self.closed = True
        self.places.fail_waiting(ReplicaError(f"the replicas of {self._label!r} were closed; load the model again"))
        self._loop.close()
        self._watch.close()

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine for a thread without an event loop."""
        return self._loop.run(coroutine)

    def iterate(self, items: Any) -> Any:
        """Iterate over a stream for a thread without an event loop."""
        return self._loop.iterate(items)

    async def ask(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any], timeout: float | None
    ) -> ChatResult:
        """Return the reply of any replica.

        Args:
            messages: messages of the call.
            stop: strings that end the reply.
            options: options of the call for the model.
            timeout: seconds for the call, the wait for a replica and repetitions included; None for no limit.

        Raises:
            TimeoutError: the call took longer than `timeout` seconds.
            ReplicaError: no replica is left, the call was lost too often, or the group was closed.
        """
        losses: list[str] = []
        limit = Limit(timeout)
        while True:
            place, tokens = await limit.wait(self._take()), None
            try:
                result: ChatResult = await limit.wait(result_of(place.handle.ask.remote(messages, stop, options)))
                tokens = _sign(result.generations[0].message, place, len(losses))
                return result
            except ray.exceptions.RayError as error:
                self._lose(place, error, losses)
            finally:
                self.places.give_back(place, tokens)

    async def stream(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any], timeout: float | None
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Yield a reply in chunks; arguments and errors are those of `ask`.

        A lost stream is restarted on another replica, and the chunks that were yielded already are skipped. This works if they
        come again the same, as in greedy and seeded calls; otherwise it raises `ReplicaError`.
        """
        losses: list[str] = []
        given: list[Any] = []  # content of the chunks that the caller has
        limit = Limit(timeout)
        while True:
            place, tokens, number = await limit.wait(self._take()), None, 0
            refs = place.handle.stream.remote(messages, stop, options)
            try:
                while (chunk := await limit.wait(next_of(refs))) is not None:
                    if getattr(chunk.message, "chunk_position", None) == "last":
                        tokens = _sign(chunk.message, place, len(losses))
                    number += 1
                    if number > len(given):
                        given.append(_content(chunk))
                        yield chunk
                    elif _content(chunk) != given[number - 1]:
                        raise ReplicaError(
                            f"a stream of {self._label!r} was lost ({losses[-1]}) and another replica writes another text; ask "
                            "again, or give the call a seed"
                        )
                tokens = tokens or 0
                return
            except ray.exceptions.RayError as error:
                self._lose(place, error, losses)
            finally:
                if tokens is None:  # the caller closed the stream, or it failed: the replica must stop
                    cancel(refs)
                self.places.give_back(place, tokens)

    async def _take(self) -> Place:
        future = self.places.take()
        try:
            return await asyncio.wrap_future(future)
        except BaseException:  # a place may come just when the call is cancelled, and must not stay taken
            self.places.leave(future)
            raise

    def _lose(self, place: Place, error: Exception, losses: list[str]) -> None:
        """Note that a call was lost with its replica.

        Args:
            place: the replica.
            error: how the loss showed.
            losses: earlier losses of this call, to which this one is added.

        Raises:
            ReplicaError: the call was lost `MOST_LOSSES` times, or the group was closed.
        """
        if self.closed:
            raise ReplicaError(f"the replicas of {self._label!r} were closed during the call") from error
        reason = f"replica {place.name} on {place.node}: {type(error).__name__}"
        if self.places.leave_out(place, reason):  # the first of the calls that were lost together
            logger.info("lost %s: %s", reason, error)
            self._watch.lost(place)
        place.lost += 1
        losses.append(reason)
        if len(losses) >= MOST_LOSSES:
            raise ReplicaError(
                f"the call was lost {len(losses)} times with its replica, last with {reason}; it may be what ends them: look "
                "into Ray's logs for why (often memory: lower max_batch_size or max_batch_tokens)"
            ) from error


def _sign(message: Any, place: Place, losses: int) -> int:
    """Note in a reply's metadata which replica gave it and what was lost before; return its output tokens.

    How much of a lost call was generated is unknown, but at most what the reply has. This upper bound is noted.
    """
    used = message.usage_metadata or {}
    signed: dict[str, Any] = {"replica": place.name, "node": place.node}
    if losses:
        signed |= {"lost_calls": losses, "lost_tokens": losses * used.get("total_tokens", 0)}
    message.response_metadata = {**message.response_metadata, **signed}
    return int(used.get("output_tokens", 0))


def _content(chunk: ChatGenerationChunk) -> Any:
    """Return what two streams of the same reply have in common; ids and metadata differ."""
    return chunk.message.content, chunk.message.additional_kwargs.get("reasoning_content")
