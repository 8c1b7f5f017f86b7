"""Logs of inspect_ai: `.eval` (a zip of JSON, compressed with Zstandard) and `.json`."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .scored import Log, ScoredProblem

ZSTANDARD = 93
"""Compression method in a zip; Python's own zipfile reads it from 3.14 on."""

MOST_BYTES = 512 * 1024 * 1024
"""Maximum size of an unpacked entry: a damaged or hostile file must not fill the memory."""

MOST_GROWTH = 200
"""Times that an entry of more than a few megabytes may grow when unpacked. Logs grow 5 to 30 times; a zip bomb, a thousand."""

_SMALL = 8 * 1024 * 1024
"""Bytes up to which growth does not matter."""

_GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Correct, partial, incorrect, no answer: inspect_ai's own values of them."""

_MALFORMED = (
    zipfile.BadZipFile, LookupError, AttributeError, TypeError, ValueError, OSError, RecursionError, RuntimeError,
    EOFError, struct.error, zlib.error,
)  # fmt: skip
"""What a damaged or hostile log makes readers raise. NotImplementedError, of unknown compressions, is a RuntimeError."""

_HEADER = struct.Struct("<26xHH")
"""Header of an entry in a zip: after 26 bytes, the lengths of its name and of its extra field."""


def read_inspect(path: Path, *, texts: bool, score: str | None) -> Log:
    """Read a log.

    Args:
        path: `.eval` or `.json`.
        texts: read whole samples, for their inputs and outputs; otherwise the summaries, which take a fraction of the time.
        score: name of the scorer, or SCORER/KEY where a scorer gives several values; the first one unless given.

    Raises:
        ValueError: it is no log, it has no such score, or a score is no number.
    """
    try:
        header, samples = _eval_file(path, texts) if path.suffix == ".eval" else _json_file(path)
        about = dict(header["eval"])
        problems, name = _problems(samples, path, texts, score or "")
    except _WrongScore:
        raise
    except _MALFORMED as error:
        raise ValueError(f"{path} is not a log of inspect_ai ({type(error).__name__}: {error})") from error
    return Log("inspect_ai", str(about.get("task", "task")), str(about.get("model", "model")), name, problems)


class _WrongScore(ValueError):
    """The log is good and has no such score."""


def _problems(samples: Iterator[dict[str, Any]], path: Path, texts: bool, name: str) -> tuple[dict[str, ScoredProblem], str]:
    """Return the problems of a log, and the name of their score."""
    problems: dict[str, ScoredProblem] = {}
    for sample in samples:
        scores = sample.get("scores") or {}
        name = name or next(iter(scores), "")
        problem = problems.setdefault(str(sample["id"]), _problem(sample))
        if sample.get("error") or not scores:
            continue  # an attempt that failed says nothing about the model
        problem.scores.append(_value(scores, name, path))
        if texts:
            problem.texts.append(str((sample.get("output") or {}).get("completion") or _completion(sample)))
    return problems, name


def _eval_file(path: Path, texts: bool) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if "header.json" not in names:
            raise ValueError("it has no header.json: the evaluation did not finish")
        header = _entry(archive, "header.json")
        summaries = _entry(archive, "summaries.json") if "summaries.json" in names and not texts else None
    return header, iter(summaries) if summaries is not None else _samples(path)


def _samples(path: Path) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("samples/"):
                yield _entry(archive, name)


def _json_file(path: Path) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    if (size := path.stat().st_size) > MOST_BYTES:
        raise ValueError(f"it has {size:,} bytes; convert it to .eval, which is read sample by sample")
    log = json.loads(path.read_text(encoding="utf-8"))
    return log, iter(log["samples"])


def _entry(archive: zipfile.ZipFile, name: str) -> Any:
    """Return the JSON of an entry; zipfile cannot unpack Zstandard before Python 3.14."""
    info = archive.getinfo(name)
    if info.file_size > MOST_BYTES:
        raise ValueError(f"{name} unpacks to {info.file_size:,} bytes")
    limit = min(MOST_BYTES, max(_SMALL, MOST_GROWTH * info.compress_size))
    if info.file_size > limit:
        raise ValueError(f"{name} grows from {info.compress_size:,} to {info.file_size:,} bytes: a zip bomb")
    if info.compress_type != ZSTANDARD:
        return json.loads(archive.read(name))
    import zstandard

    with open(str(archive.filename), "rb") as file:
        file.seek(info.header_offset)
        skipped = sum(_HEADER.unpack(file.read(_HEADER.size)))
        file.seek(info.header_offset + _HEADER.size + skipped)
        packed = file.read(info.compress_size)
    with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
        text = reader.read(limit + 1)
    if len(text) > limit:  # the size that the archive states may be a lie
        raise ValueError(f"{name} grows from {info.compress_size:,} to more than {limit:,} bytes: a zip bomb")
    return json.loads(text)


def _problem(sample: dict[str, Any]) -> ScoredProblem:
    target = sample.get("target")
    reference = target[0] if isinstance(target, list) and target else target
    return ScoredProblem(
        str(sample["id"]),
        _question(sample.get("input")),
        str(reference) if reference else None,
        metadata=sample.get("metadata") or {},
    )


def _question(given: Any) -> str:
    """Return the text of an input: a text, or messages whose last one of the user is the question."""
    if isinstance(given, str):
        return given
    asked = [message for message in given or [] if message.get("role") == "user"]
    return _text(asked[-1].get("content")) if asked else ""


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content or [] if isinstance(part, dict))


def _completion(sample: dict[str, Any]) -> str:
    choices = (sample.get("output") or {}).get("choices") or []
    return _text(choices[0]["message"]["content"]) if choices else ""


def _value(scores: dict[str, Any], name: str, path: Path) -> float:
    scorer, _, key = name.partition("/")
    if scorer not in scores:
        raise _WrongScore(f"{path} has no score {scorer!r}; it has {', '.join(scores)}")
    value = scores[scorer]["value"]
    if isinstance(value, dict):
        if key not in value:
            raise _WrongScore(f"{path}: the score {scorer!r} has {', '.join(value)}; choose one with --score {scorer}/NAME")
        value = value[key]
    if isinstance(value, str):
        value = _GRADES.get(value, value)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise _WrongScore(f"{path}: the score {name!r} is {value!r}, which is not a number") from None
