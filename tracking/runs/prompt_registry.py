"""Prompt sets in MLflow's prompt registry: one registered prompt for each text, named SET.PROMPT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..store.errors import TrackingUnavailable
from .records import PromptRecord

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from ..store.store import Store

SCHEME = "registry:"

_SPEC = re.compile(r"registry:(?P<name>[A-Za-z0-9_.-]+)(?:@(?P<alias>[A-Za-z0-9_-]+)|/(?P<version>\d+))?$")
_PLACEHOLDER = re.compile(r"(?<!\{)\{(question|steps|comment|done|step|prompt|reason)\}(?!\})")
_VARIABLE = re.compile(r"\{\{\s*(question|steps|comment|done|step|prompt|reason)\s*\}\}")


def register_prompts(store: Store, prompts: PromptRecord) -> dict[str, int]:
    """Register a prompt set; a text that some version has already makes no new version.

    Placeholders `{question}` are stored as `{{question}}`, the form that MLflow knows as variables. What was chosen from the
    registry (`NAME@ALIAS`, `NAME/VERSION`) is found there again; other texts of such a set get a name of their own.

    Returns:
        The version of each registered prompt, by its registered name (`default.solve`).

    Raises:
        TrackingUnavailable: the registry cannot be used.
    """
    from mlflow.exceptions import MlflowException

    try:
        return dict(
            _register(store, prompt, _PLACEHOLDER.sub(r"{{\1}}", text), prompts) for prompt, text in prompts.texts.items()
        )
    except MlflowException as error:
        raise TrackingUnavailable(f"the prompt registry of {store.shown_uri} cannot be used: {error}") from error


def load_registry_prompts(spec: str, *, tracking_uri: str | None = None) -> dict[str, str]:
    """Return the texts of a registered prompt set, by prompt.

    Args:
        spec: "registry:NAME" (the latest version of each prompt), "registry:NAME@ALIAS", or "registry:NAME/VERSION". Prompts
            that lack the alias or the version are left out.
        tracking_uri: see `connect`.

    Raises:
        LookupError: nothing of that name, alias or version is registered; says what there is.
        TrackingUnavailable: the registry cannot be used.
    """
    parts = _SPEC.match(spec)
    if parts is None:
        raise LookupError(
            f"{spec!r} is no registered prompt set; write registry:NAME, registry:NAME@ALIAS or registry:NAME/VERSION"
        )
    from ..store.store import connect

    client = connect(tracking_uri).client
    names = [prompt.name for prompt in _all_prompts(client)]
    texts = {}
    for name in names:
        set_name, _, prompt = name.rpartition(".")
        if set_name == parts["name"] and (found := _find(client, name, parts["alias"], parts["version"])):
            texts[prompt] = _VARIABLE.sub(r"{\1}", found.template)
    if not texts:
        known = sorted({name.rpartition(".")[0] for name in names}) or ["none"]
        which = (
            f" with alias {parts['alias']!r}"
            if parts["alias"]
            else f" in version {parts['version']}"
            if parts["version"]
            else ""
        )
        raise LookupError(
            f"no prompt set {parts['name']!r}{which} is registered; known sets: {', '.join(known)}. "
            "A run registers its set; an alias is set for each prompt on its page in MLflow"
        )
    return texts


def _register(store: Store, prompt: str, text: str, prompts: PromptRecord) -> tuple[str, int]:
    """Return the registered name and the version that hold a text, an old or a new one."""
    chosen_from, name = (
        f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', set_name)}.{prompt}"
        for set_name in (re.split("[@/]", prompts.name)[0], prompts.name)
    )
    for known_name in dict.fromkeys((chosen_from, name)):
        if version := _version_of(store.client, known_name, text):
            return known_name, version
    message = f"prompt set {prompts.name}, version {prompts.version}, hash {prompts.hash}"
    made = store.client.register_prompt(name, text, commit_message=message, tags={"prompt_set": prompts.name})
    return name, int(made.version)


def _version_of(client: MlflowClient, name: str, text: str) -> int | None:
    if client.get_prompt(name) is None:
        return None
    versions = client.search_prompt_versions(name, max_results=100)
    return next((int(known.version) for known in versions if known.template == text), None)


def _all_prompts(client: MlflowClient) -> list[Any]:
    found: list[Any] = []
    token = None
    while True:
        page = client.search_prompts(max_results=1000, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _find(client: MlflowClient, name: str, alias: str | None, version: str | None) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        if alias:
            return client.get_prompt_version_by_alias(name, alias)
        if version:
            return client.get_prompt_version(name, version)
        return next(iter(client.search_prompt_versions(name, max_results=1)), None)
    except MlflowException:
        return None
