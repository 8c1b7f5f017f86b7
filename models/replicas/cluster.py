"""Connect to Ray: start it on this machine, or join a cluster and send this package to its nodes.

The doors are `connect` and `disconnect`; `survey` checks the nodes before replicas start.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ...foundation.commands import install
from ...foundation.folders import PACKAGE

STORE_BYTES = 100 * 2**20
"""Size of the object store of a Ray that is started here. Small, because only messages and replies pass through it."""

CONNECT_SECONDS = 10.0
"""Maximum seconds to wait for a connection to the head of a cluster."""

SURVEY_SECONDS = 120.0
"""Maximum seconds to wait for a node to report its packages. If one is missing there, its replica will fail and say so."""

_connections = 0
"""Number of models that use Ray. A process has one connection, which they share; the last one closes it."""

_ours = False
"""Whether this module opened the connection. One that the user's program opened stays open."""

_lock = threading.RLock()


def connect(address: str | None) -> None:
    """Start Ray on this machine or join a cluster, unless the process is connected already.

    Args:
        address: `auto` or HOST:PORT of a cluster that this machine belongs to. None starts Ray here, unless `RAY_ADDRESS` is
            set.

    Raises:
        ImportError: Ray is not installed.
        ValueError: the address is one for remote clients (`ray://`).
        ConnectionError: there is no cluster at this address, or it has another version of Ray or Python.
    """
    global _connections, _ours
    ray = _ray()
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    if address.startswith("ray://"):
        raise ValueError(
            f"ray={address!r} is an address for remote clients, which are cut off with their connection; run this command on "
            "a machine of the cluster and give ray='auto'"
        )
    with _lock:
        if not ray.is_initialized():
            _start(ray, address)
            _ours = True
        _connections += 1


def disconnect() -> None:
    """Give up one use of the connection. The last one closes it, which stops a Ray that was started here."""
    global _connections, _ours
    with _lock:
        _connections -= 1
        if _connections == 0 and _ours:
            _ours = False
            with _own_signals():
                _ray().shutdown()


def survey(modules: Sequence[str], needed: dict[str, float]) -> None:
    """Check that every node that is large enough for a replica has the modules that it needs.

    A node that is lost during the check is skipped.

    Args:
        modules: names of modules.
        needed: resources of one replica by Ray's names, see `watching.Resources`.

    Raises:
        ImportError: a node lacks a module; the message names the nodes and modules.
    """
    ray = _ray()

    def look() -> str:
        import importlib

        for module in modules:
            try:
                if importlib.util.find_spec(module) is None:
                    return f"no module named {module!r}"
            except Exception as error:
                return f"{type(error).__name__}: {error}"
        return ""

    nodes = {node["NodeID"]: node["NodeManagerAddress"] for node in fitting(needed)}
    looks = {
        node: ray.remote(look)
        .options(
            num_cpus=0,  # runs even where all cores are taken
            max_retries=0,
            # hard affinity: elsewhere the answer would be about another node
            scheduling_strategy=ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False),
        )
        .remote()
        for node in nodes
    }
    ready, _ = ray.wait(list(looks.values()), num_returns=len(looks), timeout=SURVEY_SECONDS) if looks else ([], [])
    lacking = []
    for node, ref in looks.items():
        if ref in ready and (fault := _answer(ray, ref)):
            lacking.append(f"node {nodes[node]}/{node[:6]}: {fault}")
    if lacking:
        raise ImportError(
            f"{'; '.join(lacking)}. This package is sent to the nodes, its dependencies are not; install them there: "
            f"{install('local,ray')}"
        )


def fitting(needed: dict[str, float]) -> list[dict[str, Any]]:
    """Return the live nodes whose total resources suffice for a replica, even if others use them now."""
    return [
        node
        for node in _ray().nodes()
        if node["Alive"] and all(node["Resources"].get(name, 0) >= amount for name, amount in needed.items())
    ]


def total(resource: str) -> float:
    """Return the total amount of a resource in the cluster, in use or not."""
    return float(_ray().cluster_resources().get(resource, 0))


def _answer(ray: Any, ref: Any) -> str:
    """Return a node's fault, "" if it has none or is lost."""
    lost = ray.exceptions.TaskUnschedulableError, ray.exceptions.NodeDiedError, ray.exceptions.WorkerCrashedError
    try:
        return ray.get(ref)
    except lost:
        return ""
    except ray.exceptions.RayError as error:
        return str(error).strip().splitlines()[-1]


def check_ray() -> None:
    """Raise `ImportError` if Ray is not installed, without importing it."""
    if importlib.util.find_spec("ray") is None:
        raise ImportError(f"replicas need the package ray; install it with: {install('ray')}")


def _ray() -> Any:
    check_ray()
    # Ray reads these when it is imported or started; what the user has set wins
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # with Ray's 15, other work starves replicas
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # avoids a warning about a change of Ray
    import ray

    return ray


def _start(ray: Any, address: str) -> None:
    """Initialize Ray, with this package for the nodes of a cluster; raises as `connect` does."""
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL, "include_dashboard": False}
    with tempfile.TemporaryDirectory() as folder, _own_signals():
        if address == "local":
            options |= {"object_store_memory": STORE_BYTES}
        else:
            # the others are options of a new cluster
            options = {name: options[name] for name in ("log_to_driver", "logging_level")}
            options["runtime_env"] = {"py_modules": [str(_packed(Path(folder)))]}
            if _reached(address):
                _use_token(ray, address)
        try:
            ray.init(address=address, **options)
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise ConnectionError(f"cannot use Ray at {address!r}: {' '.join(str(error).split())[:500]}") from error
    _keep_quiet(ray)


def _reached(address: str) -> bool:
    """Return whether something listens at HOST:PORT; `False` for `auto`. Ray itself would try for a minute before it fails.

    Raises:
        ConnectionError: nothing listens there.
    """
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        return False
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(
            f"no Ray cluster at {address!r} ({error}): start one with ray start --head, or give the address that it printed"
        ) from error
    return True


def _use_token(ray: Any, address: str) -> None:
    """Use this user's Ray token if the cluster demands one. Ray does this by itself only for `auto`.

    The cluster is asked first, because one without tokens rejects the calls of a driver that has one.
    """
    with suppress(ImportError):  # a release of Ray without tokens
        from ray import _raylet
        from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available

        connect: Any = _raylet
        try:
            connect.GcsClient(address=address)
        except ray.exceptions.AuthenticationError:
            logging.getLogger("ray").setLevel(logging.CRITICAL)  # as `ray.init` would; it comes later
            maybe_enable_token_auth_if_token_available(warn_if_disabled=False)


def _keep_quiet(ray: Any) -> None:
    """Stop Ray from printing a long text for each worker that ends. It has no public switch for that."""
    with suppress(AttributeError):
        ray._private.worker._worker_logs_enabled = False


def _packed(folder: Path) -> Path:
    """Copy this package to send it to the nodes, so that they run the same version. Tests and docs stay behind."""
    packed = folder / "trace_of_thought"
    packed.mkdir()
    for file in ("__init__.py", "__init__.pyi", "py.typed"):
        shutil.copy(PACKAGE / file, packed / file)
    for room in PACKAGE.iterdir():
        if room.is_dir() and not room.name.startswith(".") and (room / "__init__.py").exists():
            shutil.copytree(room, packed / room.name, ignore=shutil.ignore_patterns("__pycache__"))
    return packed


@contextmanager
def _own_signals() -> Iterator[None]:
    """Restore the handler of SIGTERM after the block. Ray replaces it, and a run needs it to write its last rows."""
    # only the main thread can set a handler, so Ray cannot replace it elsewhere
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, kept)
