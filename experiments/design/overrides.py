"""Set fields of an experiment by path, as `--set` does: `with_settings`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

import yaml

_SHORT = {"problems": ("source", "sample"), "teachers": ("model", "self"), "students": ("model", None)}
"""For each list of objects: the field that a plain string stands for, and the default item (as in `ExperimentConfig`)."""


def with_settings(values: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Return the fields of an experiment with the settings applied; the input is not changed.

    Args:
        values: fields as in a YAML file.
        settings: `PATH=VALUE` with the value in YAML, such as `budget.max_minutes=30`. `students.options.dtype=bfloat16` sets
            it for every student, `students.0.max_retries=9` for the first only.

    Raises:
        ValueError: a setting is not PATH=VALUE, its value is not YAML, or its path goes through something that has no fields.
    """
    changed = deepcopy(dict(values))
    for setting in settings:
        path, equals, text = setting.partition("=")
        parts = path.strip().split(".")
        if not equals or not all(parts):
            raise ValueError(f"{setting!r} is not PATH=VALUE, such as students.options.dtype=bfloat16")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(f"{setting!r}: the value is not YAML: {' '.join(str(error).split())}") from None
        if parts[0] in _SHORT and len(parts) > 1:
            for item, rest in _items(changed, parts, setting):
                _put(item, rest, value, setting)
        else:
            _put(changed, parts, value, setting)
    return changed


def _items(values: dict[str, Any], parts: list[str], setting: str) -> list[tuple[dict[str, Any], list[str]]]:
    """Return the objects that a path addresses, each with the rest of the path."""
    short, default = _SHORT[parts[0]]
    given = values.get(parts[0], default)
    listed = [] if given is None else list(given) if isinstance(given, list | tuple) else [given]
    # plain strings become objects here, so that a field can be set beside the short form
    values[parts[0]] = items = [{short: item} if isinstance(item, str) else item for item in listed]
    if not parts[1].isdecimal():
        return [(item, parts[1:]) for item in items]
    if int(parts[1]) >= len(items) or len(parts) == 2:
        raise ValueError(f"{setting!r}: {parts[0]} has {len(items)} items, numbered from 0; name a field of one of them")
    return [(items[int(parts[1])], parts[2:])]


def _put(fields: dict[str, Any], parts: list[str], value: Any, setting: str) -> None:
    for part in parts[:-1]:
        fields = fields.setdefault(part, {})
        if not isinstance(fields, dict):
            raise ValueError(f"{setting!r}: {part} holds no fields")
    fields[parts[-1]] = value
