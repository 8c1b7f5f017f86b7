"""Read experiments from YAML files. Errors name the line and the nearest valid name. The door is `load_config`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from ...foundation.redaction import Redactor
from ...foundation.wording import nearest
from .config import ExperimentConfig
from .overrides import with_settings

Place = tuple[str | int, ...]


def load_config(path: str | Path, overrides: Mapping[str, Any] | None = None, settings: Iterable[str] = ()) -> ExperimentConfig:
    """Read an experiment from a YAML file.

    Args:
        path: the file.
        overrides: fields that replace those of the file.
        settings: `PATH=VALUE` settings, applied last, see `with_settings`.

    Returns:
        The checked configuration. Its name defaults to the file's name without suffix.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file or a field is invalid; the message has file, line and the nearest valid name.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no experiment file {str(path)!r}; examples are in examples/experiments/")
    try:
        text = path.read_text(encoding="utf-8")
        # parsed twice: the node tree keeps line numbers and repeated keys, the plain values are what pydantic needs
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
        _check_repeats(path, node)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        # deep nesting and anchors that contain themselves end in a RecursionError
        raise ValueError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        why = "is empty; it must hold" if values is None else f"is a {type(values).__name__}; it must hold"
        raise ValueError(f"{path} {why} fields such as `students:`")
    values.setdefault("name", path.stem)
    _find_beside(values, path.parent)
    return build_config(with_settings({**values, **(overrides or {})}, settings), str(path), _lines(node))


def _check_repeats(path: Path, node: yaml.Node | None) -> None:
    """Raise a ValueError if a field is given twice; PyYAML would silently use the last one."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[Any, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise ValueError(f"{path}, line {line}: {key.value!r} was given in line {seen[key.value]} already")
            seen[key.value] = line
            _check_repeats(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_repeats(path, item)


def build_config(values: Mapping[str, Any], where: str = "", lines: Mapping[Place, int] | None = None) -> ExperimentConfig:
    """Build the configuration from plain fields.

    Args:
        values: fields as in a YAML file.
        where: name of the file, for messages.
        lines: line of each field, for messages.

    Raises:
        ValueError: a field is invalid; the message says which, and what is valid.
    """
    try:
        return ExperimentConfig.model_validate(values)
    except ValidationError as error:
        said = [_explain(problem, where, lines or {}) for problem in error.errors()]
        # one mistake may fail several branches of a union and would be listed twice
        raise ValueError("; ".join(dict.fromkeys(said))) from None


def _find_beside(values: dict[str, Any], folder: Path) -> None:
    """Resolve prompt folders and problem files relative to the experiment file, unless they exist in the current folder."""
    for field in ("prompts", "problems"):
        given = values.get(field)
        if given is not None:
            values[field] = [_beside(item, folder) for item in given] if isinstance(given, list) else _beside(given, folder)


def _beside(given: Any, folder: Path) -> Any:
    """Return a name, or an object with a name as its `source`, with the name resolved."""
    if isinstance(given, dict) and "source" in given:
        return {**given, "source": _beside(given["source"], folder)}
    found = isinstance(given, str) and not Path(given).exists() and (folder / given).exists()
    return str(folder / given) if found else given


def _explain(problem: Any, where: str, lines: Mapping[Place, int]) -> str:
    place: Place = tuple(problem["loc"])
    # a missing field has no line of its own: take that of the nearest field around it
    line = next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), None)
    start = ", ".join(filter(None, [where, f"line {line}" if line else ""]))
    shown = ".".join(str(part) for part in place)
    return (f"{start}: " if start else "") + _message(problem, shown, place)


def _message(problem: Any, shown: str, place: Place) -> str:
    kind, given = problem["type"], problem.get("input")
    if kind == "extra_forbidden":
        known = _fields_at(place[:-1])
        meant = (len(place) == 1 and _inside(str(place[-1]))) or nearest(str(place[-1]), known)
        return f"unknown field {place[-1]!r}{meant}; known are {', '.join(known)}"
    if kind == "literal_error":
        # pydantic gives the literals only as text: "'a', 'b' or 'c'"
        allowed = [part.strip(" '") for part in problem["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"{shown}: unknown value {given!r}{nearest(str(given), allowed)}; use one of {', '.join(allowed)}"
    if kind == "string_pattern_mismatch":
        said = "a name begins with a letter or digit and has at most 80 letters, digits, spaces and . - + ( )"
        return f"{shown}: {Redactor().text(str(given))[:80]!r} is no name: {said}"
    if kind == "missing":
        return f"{shown} is missing"
    if kind == "value_error" and shown:
        return f"{shown}: {problem['ctx']['error']}"  # our own checks name the value, without a password in it
    return f"{shown}: {problem['msg']} (given: {Redactor().text(str(given))[:80]!r})" if shown else problem["msg"]


def _inside(name: str) -> str:
    """Return " (did you mean ...?)" for a field of a model or of the budget that stands outside; empty if it is none."""
    for field, shown in (("students", "students: [{{{}: ...}}]"), ("budget", "budget: {{{}: ...}}")):
        model = _model_in(ExperimentConfig.model_fields[field].annotation)
        if model and name in model.model_fields:
            return f" (did you mean {shown.format(name)}?)"
    return ""


def _fields_at(place: Place) -> list[str]:
    """Return the valid field names at a place in the file."""
    model: type[BaseModel] = ExperimentConfig
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    # fields are annotated as tuple[Model, ...], Model | None and the like
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _lines(node: yaml.Node | None, place: Place = ()) -> dict[Place, int]:
    """Return the line (from 1) of every field and item by its place, such as ("students", 0, "model")."""
    found: dict[Place, int] = {place: node.start_mark.line + 1} if node is not None and place else {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            found |= _lines(value, (*place, key.value)) | {(*place, key.value): key.start_mark.line + 1}
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            found |= _lines(item, (*place, number))
    elif node is not None and place:
        # a single value may stand for a list, and pydantic then reports its place as item 0
        found.setdefault((*place, 0), node.start_mark.line + 1)
    return found
