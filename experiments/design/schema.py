"""The JSON schema of experiment files, for completion and checks in editors. `make docs` writes it to a file."""

from __future__ import annotations

from typing import Any

from .config import ExperimentConfig


def json_schema() -> dict[str, Any]:
    """Return the schema. It accepts a single value for a list and a string for an object, as the YAML reader does.

    An experiment file names it in its first line: `# yaml-language-server: $schema=schema.json`.
    """
    schema = ExperimentConfig.model_json_schema()
    for name, field in schema["properties"].items():
        if field.get("type") != "array" or "items" not in field:
            continue
        item = field["items"]
        # an exclusion is the one object that no plain string stands for
        one = {"anyOf": [{"type": "string"}, item]} if "$ref" in item and name != "exclude" else item
        # they describe the field, not one of its two forms
        described = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
        listed = {**field, "items": one}
        field.clear()
        field |= {**described, "anyOf": [one, listed]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
