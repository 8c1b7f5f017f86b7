"""The replicas of one model on Ray, from the driver's side: start and watch them, send calls, repeat lost calls."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from . import cluster
from .background import BackgroundLoop
from .errors import ReplicaError
from .places import Place, Places
from .replica import Replica, Told

logger = logging.getLogger(__name__)

T = TypeVar("T")

ROOM = 64
"""Calls that a replica has at a time if its model does not tell how many it decodes together."""

PLACING_SECONDS = 30.0
"""How long to wait for a node with room for the first replica."""

PATIENCE_SECONDS = 300.0
"""How long calls wait when no replica is left, for Ray to start one again or for a node to join."""

MOST_LOSSES = 6
"""A call that was lost so often with its replica is not sent to another: most likely it is what ends them."""

RELOAD_SECONDS = 30.0
"""Between attempts of a replica to load a model that it could not load."""

GRACE_SECONDS = 1.0
"""By how much the replica's own limit of time comes first: its error tells how far the call came."""


@dataclass(frozen=True)
class Resources:
    """What Ray sets aside for one replica."""

    gpus: float
    cpus: float

    @property
    def needed(self) -> dict[str, float]:
        """By Ray's names, without what is 0."""
        return {name: amount for name, amount in (("GPU", self.gpus), ("CPU", self.cpus)) if amount}


class ReplicaGroup:
    """Replicas of one model. Calls may come from any thread and event loop.

    A replica that is lost gets no calls until it has loaded its model again. Ray restarts it, where there is room; the calls
    that were with it are repeated here and never by Ray, so that each loss is counted.

    Attributes:
        places: one for each replica.
        told: what the first replica told of itself.
        lost_calls: calls that were repeated.
        closed: whether it was ended.
    """

    def __init__(self, label: str, load: Callable[[], BaseChatModel], count: int, resources: Resources) -> None:
        """Ask Ray for the replicas; `start` waits for them. Ray must be connected."""
        import ray

        self._ray, self._label, self._resources = ray, label, resources
        self.places = Places([Place(name=str(number), room=ROOM) for number in range(1, count + 1)])
        self.told: Told | None = None
        self.lost_calls = 0
        self.closed = False
        self._loop = BackgroundLoop(f"replicas of {label}")
        self._lost: dict[Place, asyncio.Event] = {}
        actor = ray.remote(Replica).options(
            num_cpus=resources.cpus,
            num_gpus=resources.gpus,
            max_restarts=-1,
            max_task_retries=0,
            max_concurrency=10_000,
            scheduling_strategy="SPREAD",
        )
        for place in self.places.all:
            place.handle = actor.remote(load)

    def start(self) -> None:
        """Wait until the replicas that have room on the cluster have loaded the model; others may follow.

        Raises:
            ReplicaError: a replica could not load the model, or no node has room for one.
        """
        for place in self.places.all:
            self._loop.start(self._watch(place))
        self._loop.start(self._guard())
        self._loop.run(self._started())

    @property
    def described(self) -> Told:
        """What the first replica told of itself.

        Raises:
            ReplicaError: the group has not started.
        """
        if self.told is None:
            raise ReplicaError(f"the replicas of {self._label!r} have not started")
        return self.told

    def close(self) -> None:
        """End the replicas; calls under way fail."""
        self.closed = True
        self.places.fail_waiting(ReplicaError(f"the replicas of {self._label!r} were closed; load the model again"))
        self._loop.close()
        for place in self.places.all:
            with suppress(Exception):  # dead already, or Ray is gone
                self._ray.kill(place.handle, no_restart=True)

    def run(self, coroutine: Any) -> Any:
        """Wait for a coroutine of this group in a thread without an event loop."""
        return self._loop.run(coroutine)

    def iterate(self, items: Any) -> Any:
        """Iterate over a stream of this group in a thread without an event loop."""
        return self._loop.iterate(items)

    async def ask(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any], timeout: float | None
    ) -> ChatResult:
        """Return a reply, whichever replica gives it.

        Raises:
            TimeoutError: it took longer than `timeout` seconds, waiting included.
            ReplicaError: no replica is left, or the call was lost too often.
        """
        losses: list[str] = []
        limit = _Limit(timeout)
        while True:
            place, tokens = await limit.wait(self._take()), None
            try:
                result = await limit.wait(self._result(place.handle.ask.remote(messages, stop, options)))
                tokens = _sign(result.generations[0].message, place, len(losses))
                return result
            except self._ray.exceptions.RayError as error:
                self._lose(place, error, losses)
            finally:
                self.places.give_back(place, tokens)

    async def stream(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any], timeout: float | None
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Yield a reply in chunks; raises as `ask` does.

        A stream that is lost is begun again elsewhere, and what was given already is left out if it comes again the same: it
        does for greedy and for seeded calls.
        """
        losses: list[str] = []
        given: list[Any] = []
        limit = _Limit(timeout)
        while True:
            place, tokens, number = await limit.wait(self._take()), None, 0
            refs = place.handle.stream.remote(messages, stop, options)
            try:
                while (chunk := await limit.wait(self._next(refs))) is not None:
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
            except self._ray.exceptions.RayError as error:
                self._lose(place, error, losses)
            finally:
                if tokens is None:
                    self._cancel(refs)
                self.places.give_back(place, tokens)

    async def _take(self) -> Place:
        future = self.places.take()
        try:
            return await asyncio.wrap_future(future)
        except BaseException:
            self.places.leave(future)
            raise

    async def _result(self, ref: Any) -> Any:
        try:
            return await ref
        except asyncio.CancelledError:
            self._cancel(ref)
            raise
        except self._ray.exceptions.RayTaskError as error:
            raise self._own_error(error) from None

    async def _next(self, refs: Any) -> Any:
        try:
            return await (await anext(refs))
        except StopAsyncIteration:
            return None
        except self._ray.exceptions.RayTaskError as error:
            raise self._own_error(error) from None

    def _own_error(self, error: Any) -> BaseException:
        """Return the error that the model raised, as a caller in the same process would get it; a cancelled one was lost."""
        cause = error.cause
        lost = self._ray.exceptions.RaySystemError
        if isinstance(cause, asyncio.CancelledError | self._ray.exceptions.TaskCancelledError):
            return lost("the replica was stopped during the call")
        if isinstance(cause, self._ray.exceptions.RayError):  # what cannot be pickled
            return RuntimeError(str(cause))
        return cause

    def _cancel(self, ref: Any) -> None:
        with suppress(Exception):  # it is over already, or its replica is
            self._ray.cancel(ref)

    def _lose(self, place: Place, error: Exception, losses: list[str]) -> None:
        """Note that a call was lost with its replica.

        Raises:
            ReplicaError: once too often.
        """
        if self.closed:
            raise ReplicaError(f"the replicas of {self._label!r} were closed during the call") from error
        reason = f"replica {place.name} on {place.node}: {type(error).__name__}"
        if self.places.leave_out(place, reason):
            logger.info("lost %s: %s", reason, error)
            self._loop.start(self._tell_lost(place))
        place.lost += 1
        self.lost_calls += 1
        losses.append(reason)
        if len(losses) >= MOST_LOSSES:
            raise ReplicaError(
                f"the call was lost {len(losses)} times with its replica, last with {reason}; it may be what ends them: look "
                "into Ray's logs for why (often memory: lower max_batch_size or max_batch_tokens)"
            ) from error

    async def _tell_lost(self, place: Place) -> None:
        self._lost[place].set()

    async def _watch(self, place: Place) -> None:
        """Let a replica have calls whenever its model is loaded."""
        self._lost[place] = asyncio.Event()
        deaths = 0
        while True:
            try:
                told = await self._load(place)
            except self._ray.exceptions.ActorUnavailableError as error:  # it is being started, or waits for a node with room
                place.error = _first_line(error)
                await asyncio.sleep(1.0)
            except self._ray.exceptions.RayError as error:
                deaths += 1
                if deaths >= MOST_LOSSES:
                    self.places.leave_out(place, f"ended while it loaded the model: {_first_line(error)}", "failed")
                await asyncio.sleep(min(0.2 * 2**deaths, RELOAD_SECONDS))
            except Exception as error:
                self.places.leave_out(place, f"{type(error).__name__}: {error}", "failed")
                await asyncio.sleep(RELOAD_SECONDS)
            else:
                deaths = 0
                self._admit(place, told)
                await self._lost[place].wait()
                self._lost[place].clear()

    async def _load(self, place: Place) -> Told:
        place.node = await self._result(place.handle.where.remote())
        return await self._result(place.handle.tell.remote())

    def _admit(self, place: Place, told: Told) -> None:
        self.told = self.told or told
        place.room = told.room or ROOM
        if told.versions != self.told.versions:
            logger.warning(
                "replica %s on %s has %s, the first one %s: their replies may differ",
                place.name, place.node, told.versions, self.told.versions,
            )  # fmt: skip
        self.places.admit(place)

    async def _started(self) -> None:
        begun = time.monotonic()
        while True:
            states = [place.state for place in self.places.all]
            for place in self.places.all:
                if place.state == "failed":
                    raise ReplicaError(
                        f"replica {place.name} of {len(states)} on {place.node or 'no node'} could not load {self._label!r}: "
                        f"{place.error}"
                    )
            placed = [place for place in self.places.all if place.node]
            waiting = time.monotonic() - begun > PLACING_SECONDS
            if placed and all(place.state == "live" for place in placed) and (len(placed) == len(states) or waiting):
                return
            if waiting and not placed:
                raise ReplicaError(self._no_room())
            await asyncio.sleep(0.05)

    def _no_room(self) -> str:
        needed = ", ".join(f"{amount:g} {name}" for name, amount in self._resources.needed.items()) or "nothing"
        free = self._ray.available_resources()
        has = ", ".join(f"{free.get(name, 0):g} of {cluster.total(name):g} {name} free" for name in ("GPU", "CPU"))
        return (
            f"no node has room for a replica of {self._label!r}, which needs {needed}; the cluster has {has} on "
            f"{len(cluster.fitting({}))} nodes: ask for less (--gpus-per-replica), or add nodes"
        )

    async def _guard(self) -> None:
        """Fail the calls that wait when no replica has been there for too long."""
        seen = time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            if self.places.live:
                seen = time.monotonic()
            elif self.told and time.monotonic() - seen > PATIENCE_SECONDS:
                states = "; ".join(f"{place.name} {place.state}: {place.error}" for place in self.places.all)
                self.places.fail_waiting(
                    ReplicaError(f"no replica of {self._label!r} was left for {PATIENCE_SECONDS:g} s ({states[:600]})")
                )


def _sign(message: Any, place: Place, losses: int) -> int:
    """Note in a reply who gave it and how often it was lost before; returns its output tokens.

    What was written of a lost call is not known. It was at most what the reply has, which is noted.
    """
    used = message.usage_metadata or {}
    signed: dict[str, Any] = {"replica": place.name, "node": place.node}
    if losses:
        signed |= {"lost_calls": losses, "lost_tokens": losses * used.get("total_tokens", 0)}
    message.response_metadata = {**message.response_metadata, **signed}
    return int(used.get("output_tokens", 0))


def _content(chunk: ChatGenerationChunk) -> Any:
    return chunk.message.content, chunk.message.additional_kwargs.get("reasoning_content")


class _Limit:
    """Bounds the waits of one call, all together."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds + GRACE_SECONDS

    async def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine.

        Raises:
            TimeoutError: the time of the call is over.
        """
        if self._end is None:
            return await coroutine
        try:
            async with asyncio.timeout(max(0.0, self._end - time.monotonic())) as timer:
                return await coroutine
        except TimeoutError as error:
            if not timer.expired():  # the model's own, which says how far it came
                raise
            raise TimeoutError(
                f"no replica answered within timeout={self._seconds} seconds, waiting included; raise timeout, or lower "
                "max_tokens or the number of concurrent calls"
            ) from error


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
