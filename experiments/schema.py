"""The JSON schema of experiment files, for editors: completion, hints and mistakes while writing."""

from __future__ import annotations

from typing import Any

from .cells import EXCLUDABLE
from .config import ExperimentConfig


def json_schema() -> dict[str, Any]:
    """Return the schema; where a file may hold a single value for a list or a text for an object, it says so.

    `examples/experiments/schema.json` is this; a file names it in its first line:
    `# yaml-language-server: $schema=schema.json`.
    """
    schema = ExperimentConfig.model_json_schema()
    for field in schema["properties"].values():
        if field.get("type") != "array" or "items" not in field:
            continue
        item = field["items"]
        one = {"anyOf": [{"type": "string"}, item]} if "$ref" in item else item
        described = {name: field.pop(name) for name in ("title", "description", "default") if name in field}
        listed = {**field, "items": one}
        field.clear()
        field |= {**described, "anyOf": [one, listed]}
    rule: dict[str, Any] = {name: {} for name in EXCLUDABLE}
    schema["properties"]["exclude"] = {
        "type": "array",
        "description": ExperimentConfig.model_fields["exclude"].description,
        "items": {"type": "object", "properties": rule, "additionalProperties": False},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
