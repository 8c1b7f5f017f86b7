"""The JSON schema of experiment files, for editors: completion, hints and mistakes while writing."""

from __future__ import annotations

from typing import Any

from .config import ExperimentConfig


def json_schema() -> dict[str, Any]:
    """Return the schema; where a file may hold a single value for a list or a text for an object, it says so.

    `examples/experiments/schema.json` is this; a file names it in its first line:
    `# yaml-language-server: $schema=schema.json`.
    """
    schema = ExperimentConfig.model_json_schema()
    for name, field in schema["properties"].items():
        if field.get("type") != "array" or "items" not in field:
            continue
        item = field["items"]
        one = {"anyOf": [{"type": "string"}, item]} if "$ref" in item and name != "exclude" else item
        described = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
        listed = {**field, "items": one}
        field.clear()
        field |= {**described, "anyOf": [one, listed]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
