"""Prompt sets in MLflow's prompt registry: one registered prompt for each text, named SET.PROMPT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..store.errors import TrackingUnavailable
from ..store.paging import items_of_all_pages
from .run_records import PromptRecord

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from ..store.store import Store

SCHEME = "registry:"
"""Prefix of the name of a prompt set that comes from the registry."""

_SPEC = re.compile(r"registry:(?P<name>[A-Za-z0-9_.-]+)(?:@(?P<alias>[A-Za-z0-9_-]+)|/(?P<version>\d+))?$")
PLACEHOLDER_NAMES = ("question", "steps", "comment", "done", "step", "prompt", "reason")
"""Placeholders of prompts; other braces, as in LaTeX, must stay. A test compares this with `prompts.PLACEHOLDERS`."""

_NAMES = "|".join(PLACEHOLDER_NAMES)
# Our form, "{question}", and MLflow's, "{{ question }}".
_PLACEHOLDER = re.compile(rf"(?<!\{{)\{{({_NAMES})\}}(?!\}})")
_VARIABLE = re.compile(rf"\{{\{{\s*({_NAMES})\s*\}}\}}")


def register_prompts(store: Store, prompts: PromptRecord) -> dict[str, int]:
    """Register a prompt set. A text that is already registered gets no new version.

    Placeholders such as `{question}` are stored as `{{question}}`, MLflow's form of variables. Texts that came from the
    registry (`NAME@ALIAS`, `NAME/VERSION`) are found there again; other texts of such a set get a name of their own.

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
        spec: "registry:NAME" (latest version of each prompt), "registry:NAME@ALIAS" or "registry:NAME/VERSION". Prompts
            without that alias or version are left out.
        tracking_uri: see `connect`.

    Raises:
        LookupError: no set of that name, alias or version is registered; the message lists the known sets.
        TrackingUnavailable: the registry cannot be used.
    """
    parts = _SPEC.match(spec)
    if parts is None:
        raise LookupError(
            f"{spec!r} is not a registered prompt set; write registry:NAME, registry:NAME@ALIAS or registry:NAME/VERSION"
        )
    from ..store.store import connect

    client = connect(tracking_uri).client
    names = [
        prompt.name for prompt in items_of_all_pages(lambda token: client.search_prompts(max_results=1000, page_token=token))
    ]
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
            "Each run registers its set; set an alias on the page of each prompt in MLflow"
        )
    return texts


def _register(store: Store, prompt: str, text: str, prompts: PromptRecord) -> tuple[str, int]:
    """Return name and version of a text in the registry, registering it if needed."""
    # A set chosen as NAME@ALIAS is linked to the chosen versions, not copied to a set of that name.
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


def _find(client: MlflowClient, name: str, alias: str | None, version: str | None) -> Any:
    """Return a prompt by alias or version, or its latest version; None if there is none."""
    from mlflow.exceptions import MlflowException

    try:
        if alias:
            return client.get_prompt_version_by_alias(name, alias)
        if version:
            return client.get_prompt_version(name, version)
        return next(iter(client.search_prompt_versions(name, max_results=1)), None)
    except MlflowException:
        return None
