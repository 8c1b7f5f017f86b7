"""Start the replicas of one model on Ray, and keep them loaded. The door is `Watch`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import ray
from langchain_core.language_models import BaseChatModel

from ...foundation.visible import first_line
from . import cluster
from .background import BackgroundLoop
from .errors import ReplicaError
from .places import ROOM, Place, Places
from .replica import Replica, Told
from .waiting import result_of

logger = logging.getLogger(__name__)

PLACING_SECONDS = 30.0
"""Seconds to wait until the cluster has room for all replicas. After that, those that have a node are enough."""

PATIENCE_SECONDS = 300.0
"""Seconds that calls wait when no replica is left, for Ray to restart one or for a node to join. Then they fail."""

MOST_DEATHS = 6
"""A replica whose process ended this often in a row while loading counts as failed. It is still retried."""

RELOAD_SECONDS = 30.0
"""Maximum pause between attempts to load the model in a replica, in seconds."""


@dataclass(frozen=True)
class Resources:
    """What Ray reserves for one replica.

    Attributes:
        gpus: GPUs; a fraction lets replicas share one.
        cpus: CPU cores.
    """

    gpus: float
    cpus: float

    @property
    def needed(self) -> dict[str, float]:
        """The resources by Ray's names, without those that are 0."""
        return {name: amount for name, amount in (("GPU", self.gpus), ("CPU", self.cpus)) if amount}


class Watch:
    """Keep the replicas of one model loaded: calls go only to replicas whose model is loaded.

    Ray restarts a replica that died, on any node with room. Then it must load its model again, which is done here.

    Attributes:
        told: description of the first replica that loaded its model; None before.
    """

    def __init__(
        self, label: str, load: Callable[[], BaseChatModel], places: Places, resources: Resources, loop: BackgroundLoop
    ) -> None:
        """Request the replicas; `start` waits for them. Ray must be connected.

        Args:
            label: name of the model in messages.
            load: returns the chat model; called in each replica.
            places: one for each replica.
            resources: of each replica.
            loop: runs the tasks that watch the replicas.
        """
        self.told: Told | None = None
        self._label, self._places, self._resources, self._loop = label, places, resources, loop
        self._lost: dict[Place, asyncio.Event] = {}
        actor: Any = ray.remote(Replica).options(
            num_cpus=resources.cpus,
            num_gpus=resources.gpus,
            max_restarts=-1,
            max_task_retries=0,  # a lost call may have run: the driver repeats and counts it
            max_concurrency=10_000,  # `Place.room` limits the calls, not Ray
            scheduling_strategy="SPREAD",
        )
        for place in places.all:
            place.handle = actor.remote(load)

    def start(self) -> None:
        """Wait until all replicas that the cluster has room for have loaded the model. Others may follow later.

        Raises:
            ReplicaError: a replica could not load the model, or no node has room for one.
        """
        for place in self._places.all:
            self._loop.start(self._watch(place))
        self._loop.start(self._guard())
        self._loop.run(self._started())

    def lost(self, place: Place) -> None:
        """Report that a replica was lost, so that it loads its model again. The caller has taken it out of service."""
        self._loop.start(self._tell_lost(place))

    def close(self) -> None:
        """Stop the replicas for good."""
        for place in self._places.all:
            with suppress(Exception):  # it is dead already, or Ray is
                ray.kill(place.handle, no_restart=True)

    async def _tell_lost(self, place: Place) -> None:
        self._lost[place].set()  # in the loop, since an asyncio.Event is not safe for other threads

    async def _watch(self, place: Place) -> None:
        """Load the model in one replica, again after each loss, and give the replica calls while the model is loaded."""
        self._lost[place] = asyncio.Event()
        deaths = 0
        while True:
            try:
                place.node = await result_of(place.handle.where.remote())
                told = await result_of(place.handle.tell.remote())
            except ray.exceptions.ActorUnavailableError as error:  # it is starting, or waits for room
                place.error = first_line(error)
                await asyncio.sleep(1.0)
            except ray.exceptions.RayError as error:  # its process ended
                deaths += 1
                if deaths >= MOST_DEATHS:
                    self._places.leave_out(place, f"ended while it loaded the model: {first_line(error)}", "failed")
                await asyncio.sleep(min(0.2 * 2**deaths, RELOAD_SECONDS))
            except Exception as error:  # the loader's own error: the process lives
                self._places.leave_out(place, f"{type(error).__name__}: {error}", "failed")
                await asyncio.sleep(RELOAD_SECONDS)
            else:
                deaths = 0
                self._admit(place, told)
                await self._lost[place].wait()
                self._lost[place].clear()

    def _admit(self, place: Place, told: Told) -> None:
        """Give a loaded replica calls; warn if its packages differ from the first replica's."""
        self.told = self.told or told
        place.room = told.room or ROOM
        if told.versions != self.told.versions:
            logger.warning(
                "replica %s on %s has %s, the first one %s: their replies may differ",
                place.name, place.node, told.versions, self.told.versions,
            )  # fmt: skip
        self._places.admit(place)

    async def _started(self) -> None:
        begun = time.monotonic()
        while not self._ready(time.monotonic() - begun > PLACING_SECONDS):
            await asyncio.sleep(0.05)

    def _ready(self, waited: bool) -> bool:
        """Return whether the replicas are loaded. Those without a node count only while `waited` is false.

        Raises:
            ReplicaError: a replica could not load the model, or no node has room for any.
        """
        for place in self._places.all:
            if place.state == "failed":
                raise ReplicaError(
                    f"replica {place.name} of {len(self._places.all)} on {place.node or 'no node'} could not load "
                    f"{self._label!r}: {place.error}"
                )
        placed = [place for place in self._places.all if place.node]
        if waited and not placed:
            raise ReplicaError(self._no_room())
        all_are = len(placed) == len(self._places.all) or waited
        return bool(placed) and all_are and all(place.state == "live" for place in placed)

    def _no_room(self) -> str:
        needed = ", ".join(f"{amount:g} {name}" for name, amount in self._resources.needed.items()) or "nothing"
        free = ray.available_resources()
        has = ", ".join(f"{free.get(name, 0):g} of {cluster.total(name):g} {name} free" for name in ("GPU", "CPU"))
        return (
            f"no node has room for a replica of {self._label!r}, which needs {needed}; the cluster has {has} on "
            f"{len(cluster.fitting({}))} nodes: ask for less (--gpus-per-replica), or add nodes"
        )

    async def _guard(self) -> None:
        """Fail waiting calls if there has been no replica for `PATIENCE_SECONDS`."""
        seen = time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            if self._places.live:
                seen = time.monotonic()
            # no calls come before the first replica has loaded
            elif self.told and time.monotonic() - seen > PATIENCE_SECONDS:
                states = "; ".join(f"{place.name} {place.state}: {place.error}" for place in self._places.all)
                self._places.fail_waiting(
                    ReplicaError(f"no replica of {self._label!r} was left for {PATIENCE_SECONDS:g} s ({states[:600]})")
                )
