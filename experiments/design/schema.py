"""The JSON schema of experiment files, by which editors complete fields and mark mistakes. `make docs` writes it to a file."""

from __future__ import annotations

from typing import Any

from .config import ExperimentConfig


def json_schema() -> dict[str, Any]:
    """Return the schema. It allows a single value for a list, and a string for an object, as files may have them.

    An experiment file names it in its first line: `# yaml-language-server: $schema=schema.json`.
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
