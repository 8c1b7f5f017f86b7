"""Connect to Ray: start one on this machine, or join a cluster and bring this package along."""

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

from ...foundation.folders import PACKAGE
from ...foundation.installing import install

STORE_BYTES = 100 * 2**20
"""Of the object store of a Ray that is started here: only messages pass through it."""

CONNECT_SECONDS = 10.0
"""For the first connection to the head of a cluster."""

SURVEY_SECONDS = 120.0
"""A node that does not say what is installed on it for so long is not asked further; its replica will tell."""

_connections = 0
_ours = False
"""Ray has one connection a process, which all its replicas share; the last one that ends closes it, if it was ours."""
_lock = threading.RLock()


def connect(address: str | None) -> None:
    """Start Ray on this machine, or join the cluster at an address; a connection that the process has already is used as it is.

    Args:
        address: `auto` or HOST:PORT of a cluster that has this machine. None starts Ray here unless `RAY_ADDRESS` is set.

    Raises:
        ImportError: Ray is not installed.
        ValueError: an address for remote clients.
        ConnectionError: there is no cluster at this address, or its Ray or Python is another one.
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
    """End a connection; the last one also stops a Ray that was started here."""
    global _connections, _ours
    with _lock:
        _connections -= 1
        if _connections == 0 and _ours:
            _ours = False
            with _own_signals():
                _ray().shutdown()


def survey(modules: Sequence[str], needed: dict[str, float]) -> None:
    """Check that the nodes that could hold a replica can import what it needs.

    A node that is lost meanwhile is left out.

    Raises:
        ImportError: some node cannot; says which ones and why.
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
            num_cpus=0,
            max_retries=0,
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
    """Return the nodes that are large enough for a replica, whether or not they have room now."""
    return [
        node
        for node in _ray().nodes()
        if node["Alive"] and all(node["Resources"].get(name, 0) >= amount for name, amount in needed.items())
    ]


def total(resource: str) -> float:
    """Return how much of a resource the whole cluster has."""
    return float(_ray().cluster_resources().get(resource, 0))


def _answer(ray: Any, ref: Any) -> str:
    lost = ray.exceptions.TaskUnschedulableError, ray.exceptions.NodeDiedError, ray.exceptions.WorkerCrashedError
    try:
        return ray.get(ref)
    except lost:
        return ""
    except ray.exceptions.RayError as error:
        return str(error).strip().splitlines()[-1]


def check_ray() -> None:
    """Fail early where Ray is not installed; raises as `connect` does."""
    if importlib.util.find_spec("ray") is None:
        raise ImportError(f"replicas need the package ray; install it with: {install('ray')}")


def _ray() -> Any:
    check_ray()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's 15 lets replicas starve beside other work on this machine
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray warns else of a change that does not concern us
    import ray

    return ray


def _start(ray: Any, address: str) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL, "include_dashboard": False}
    with tempfile.TemporaryDirectory() as folder, _own_signals():
        if address == "local":
            options |= {"object_store_memory": STORE_BYTES}
        else:
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
    """Connect to HOST:PORT, which fails at once where nothing listens: Ray would try for a minute. False for `auto`.

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
    """Show this user's Ray token to a cluster that wants one: Ray does so by itself only for `auto`.

    A cluster without tokens fails calls of a driver that has one, so it is asked first.
    """
    with suppress(ImportError):  # releases of Ray without tokens
        from ray import _raylet
        from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available

        connect: Any = _raylet
        try:
            connect.GcsClient(address=address)
        except ray.exceptions.AuthenticationError:
            logging.getLogger("ray").setLevel(logging.CRITICAL)  # as `ray.init` does below
            maybe_enable_token_auth_if_token_available(warn_if_disabled=False)


def _keep_quiet(ray: Any) -> None:
    """Ray prints a long text on standard output for each worker that ends, and has no public switch for that."""
    with suppress(AttributeError):
        ray._private.worker._worker_logs_enabled = False


def _packed(folder: Path) -> Path:
    """Copy this package without what a checkout has beside it, so that the nodes run the same version."""
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
    """Keep this process's answer to SIGTERM: Ray replaces it, and a run must be able to write its last rows."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, kept)
