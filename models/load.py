"""Load chat models by name: `openai:NAME`, any other provider of `init_chat_model`, `hf:MODEL`, `recorded:FILE`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable

from ..foundation.commands import install
from ..foundation.wording import nearest
from .names import MAX_RETRIES, TIMEOUT, check_base_url, split_name
from .weights.find_model import is_path


def load_chat_model(
    spec: str,
    *,
    timeout: float | None = None,
    max_retries: int | None = None,
    requests_per_second: float | None = None,
    replicas: int | None = None,
    ray: str | None = None,
    gpus_per_replica: float | None = None,
    cpus_per_replica: float | None = None,
    **options: Any,
) -> BaseChatModel:
    """Load a chat model by name.

    Args:
        spec: one of
            `hf:ID` (a hub id, a folder or a `.gguf` file), a model in this process whose concurrent calls share batches;
            `recorded:FILE`, `recorded:FILE#TEACHER` or `recorded:sample`, which replays recorded steps or solutions;
            `PROVIDER:NAME`, such as `openai:gpt-4.1`, any model of LangChain's `init_chat_model`.
        timeout: seconds for one call, retries included. Default: 120 for a remote model, no limit for a local one.
        max_retries: maximum retries of a remote call, within the timeout. Default: 2.
        requests_per_second: rate limit of a remote model, shared by all callers.
        replicas: number of replicas of an `hf:` model on Ray, see `ReplicatedChatModel`. Ray is started on this machine unless
            `ray` names a cluster. Close the model to stop the replicas.
        ray: `auto` or HOST:PORT of a cluster that this machine belongs to.
        gpus_per_replica: GPUs of each replica. Default: 1 if there are GPUs.
        cpus_per_replica: CPU cores of each replica. Default: 1.
        options: options of the model itself: `temperature`, `max_tokens`, `api_key`, `dtype`, `device`, ..., and `base_url`:
            the URL of an OpenAI-compatible server, or a list of several that serve the same model. Each call goes to the least
            loaded server. A server that fails is skipped and tried again later.

    Raises:
        ValueError: the name or the provider is unknown, a key is missing, or an option does not apply; the message says what
            to do.
        ImportError: the package of the provider is not installed; the message names it.
        ReplicaError: a replica could not load the model; the message names the node.
        FileNotFoundError: there is no such file.
    """
    provider, name = split_name(spec)
    remote = {"max_retries": max_retries, "requests_per_second": requests_per_second}
    on_ray = {"replicas": replicas, "ray": ray, "gpus_per_replica": gpus_per_replica, "cpus_per_replica": cpus_per_replica}
    if provider == "hf":
        _refuse(spec, remote)
        # left out unless given, so that the model's own default applies
        options |= {"timeout": timeout} if timeout else {}
        return _local(name, options) if replicas is None and ray is None else _replicated(spec, options, on_ray)
    _refuse(spec, on_ray)
    if provider == "recorded":
        from .recorded import RecordedTeacher

        _refuse(spec, {"timeout": timeout, **remote, **options})
        file, _, teacher = name.partition("#")
        return RecordedTeacher.from_file(file, teacher=teacher or None)
    given = options.pop("base_url", None)
    urls = [check_base_url(url) for url in ([given] if isinstance(given, str) else given or ())]
    if len(urls) > 1:
        options |= _several_servers(spec, urls)
    elif urls:
        options["base_url"] = urls[0]  # LangChain takes a single URL
    limiter = {"rate_limiter": _limiter(requests_per_second)} if requests_per_second else {}
    retries = MAX_RETRIES if max_retries is None else max_retries
    from .remote.bounded import bounded

    seconds = timeout or TIMEOUT
    return bounded(_remote(spec, timeout=seconds, max_retries=retries, **limiter, **options), seconds)


def as_chat_model(model: BaseChatModel | str) -> BaseChatModel:
    """Return a chat model as it is, or load it if given by name.

    Raises:
        TypeError: it is neither a chat model nor a name. Also what `load_chat_model` raises.
    """
    if isinstance(model, str):
        return load_chat_model(model)
    # any Runnable, since bound models (`model.bind(...)`) and fallbacks are not BaseChatModel
    if not isinstance(model, Runnable):
        raise TypeError(
            f"{model!r} is not a chat model: give one of LangChain's, or a name as in 'openai:gpt-4.1' or 'hf:FOLDER'"
        )
    return model


def _refuse(spec: str, options: dict[str, Any]) -> None:
    """Refuse options that do not apply to a model. Ignoring them would make them seem to work."""
    if given := [name for name, value in options.items() if value is not None]:
        raise ValueError(f"model {spec!r} has no {given[0]}; leave it out")


def _limiter(requests_per_second: float) -> Any:
    from langchain_core.rate_limiters import InMemoryRateLimiter

    return InMemoryRateLimiter(requests_per_second=requests_per_second, check_every_n_seconds=0.02)


def _local(name: str, options: dict[str, Any]) -> BaseChatModel:
    """Load a model in this process. A missing path fails here, before transformers would ask the hub for it."""
    is_path(name)  # raises
    try:
        from .chat.batched import BatchedChatHuggingFace
    except ImportError as error:
        raise ImportError(
            f"'hf:{name}' runs in this process and needs torch and transformers ({error}); "
            f"install them with: {install('local')}"
        ) from error
    return BatchedChatHuggingFace.from_model_id(name, **options)


def _replicated(spec: str, options: dict[str, Any], on_ray: dict[str, Any]) -> BaseChatModel:
    from .replicas.replicated import ReplicatedChatModel

    name, load = split_name(spec)[1], partial(load_chat_model, spec, **options)
    started = {**on_ray, "replicas": on_ray["replicas"] or 1, "modules": ("torch", "transformers", "langchain_huggingface")}
    model = ReplicatedChatModel.start(load, name=name, **started)
    model.timeout = options.get("timeout")  # here as well, because a call may wait for a replica
    return model


def _several_servers(spec: str, urls: Sequence[str]) -> dict[str, Any]:
    if not spec.startswith("openai:"):
        raise ValueError(f"model {spec!r} cannot use several base_url; name it as an OpenAI-compatible one: openai:NAME")
    try:
        from .replicas.transport import clients
    except ImportError as error:
        raise _no_openai(spec) from error
    return clients(urls)


def _remote(spec: str, **options: Any) -> BaseChatModel:
    """Return a provider's model. The errors of providers' packages differ; the two usual ones are told from their text."""
    from langchain.chat_models import init_chat_model

    provider = spec.partition(":")[0]
    try:
        return init_chat_model(spec, **options)
    except ImportError as error:
        known = "langchain-openai" in str(error)
        raise (_no_openai(spec) if known else ImportError(f"model {spec!r}: {error}")) from error
    except Exception as error:
        if "api_key" in str(error).lower() or "credentials" in str(error).lower():
            key = f"{provider.upper()}_API_KEY"
            raise ValueError(
                f"model {spec!r} needs {key}; set it (any text for a local server), or use 'recorded:FILE' or 'hf:MODEL'"
            ) from error
        if "provider" in str(error).lower():
            raise ValueError(
                f"model {spec!r}: unknown provider {provider!r}{nearest(provider, _providers())}; use hf:, recorded:, or a "
                "provider that LangChain's init_chat_model knows, such as openai, anthropic, ollama"
            ) from error
        raise


def _no_openai(spec: str) -> ImportError:
    return ImportError(f"model {spec!r} needs langchain-openai; install it with: {install('openai')}")


def _providers() -> list[str]:
    """Return the names of the providers that a model's name may begin with."""
    from langchain.chat_models import base

    # a private table; without it only the suggestion of the nearest name gets worse
    return [*getattr(base, "_BUILTIN_PROVIDERS", ("openai", "anthropic", "ollama")), "hf", "recorded"]
