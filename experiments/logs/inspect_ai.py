"""Read logs of inspect_ai: `.eval` (a zip of JSON files, possibly compressed with Zstandard) and `.json`."""

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
"""Number of this compression method in a zip. Python's zipfile reads it from 3.14 on."""

MOST_BYTES = 512 * 1024 * 1024
"""Maximum size in bytes of an unpacked entry, so that a damaged or hostile file cannot fill the memory."""

MOST_GROWTH = 200
"""Maximum ratio of unpacked to packed size, for entries above `_SMALL`. Logs reach 5 to 30, zip bombs 1,000."""

_SMALL = 8 * 1024 * 1024
"""Unpacked size in bytes up to which any ratio is accepted."""

_GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Correct, partial, incorrect, no answer, with the values that inspect_ai gives them."""

_MALFORMED = (
    zipfile.BadZipFile, LookupError, AttributeError, TypeError, ValueError, OSError, RecursionError, RuntimeError,
    EOFError, struct.error, zlib.error,
)  # fmt: skip
"""Errors that reading a damaged or hostile log may raise. RuntimeError includes zipfile's NotImplementedError."""

_HEADER = struct.Struct("<26xHH")
"""Local header of a zip entry: 26 bytes, then the lengths of its name and of its extra field, which precede the data."""


def read_inspect(path: Path, *, texts: bool, score: str | None) -> Log:
    """Read a log of inspect_ai.

    Args:
        path: a `.eval` or `.json` file.
        texts: read the full samples with inputs and outputs. Otherwise only the summaries are read, which is much faster.
        score: name of the scorer, or SCORER/KEY if the scorer gives several values. Default: the first one.

    Raises:
        ValueError: the file is not a log, has no such score, or a score is not a number.
    """
    try:
        header, samples = _eval_file(path, texts) if path.suffix == ".eval" else _json_file(path)
        about = dict(header["eval"])
        problems, name = _problems(samples, path, texts, score or "")
    except (_WrongScore, PermissionError):
        # both are among the errors below, but the log may be good
        raise
    except _MALFORMED as error:
        raise ValueError(f"{path} is not a log of inspect_ai ({type(error).__name__}: {error})") from error
    return Log("inspect_ai", str(about.get("task", "task")), str(about.get("model", "model")), name, problems)


class _WrongScore(ValueError):
    """Raised if a valid log does not have the requested score, or not as a number."""


def _problems(samples: Iterator[dict[str, Any]], path: Path, texts: bool, name: str) -> tuple[dict[str, ScoredProblem], str]:
    """Return the problems of a log by id, and the name of the score that was read."""
    problems: dict[str, ScoredProblem] = {}
    for sample in samples:
        scores = sample.get("scores") or {}
        name = name or next(iter(scores), "")
        # each epoch is a sample of its own with the same id
        problem = problems.setdefault(str(sample["id"]), _problem(sample))
        if sample.get("error") or not scores:
            continue  # a sample that failed with an error says nothing about the model
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
    # samples are read lazily from a second handle, since this one is closed by then
    return header, iter(summaries) if summaries is not None else _samples(path)


def _samples(path: Path) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("samples/"):
                yield _entry(archive, name)


def _json_file(path: Path) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    # JSON is parsed as a whole and needs several times its size in memory
    if (size := path.stat().st_size) > MOST_BYTES:
        raise ValueError(f"it has {size:,} bytes; convert it to .eval, which is read sample by sample")
    log = json.loads(path.read_text(encoding="utf-8"))
    return log, iter(log["samples"])


def _entry(archive: zipfile.ZipFile, name: str) -> Any:
    """Return the JSON of a zip entry, after checking its size. Zstandard is unpacked here (see `ZSTANDARD`)."""
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
        # the local header may have another extra field than the central directory: read its lengths
        skipped = sum(_HEADER.unpack(file.read(_HEADER.size)))
        file.seek(info.header_offset + _HEADER.size + skipped)
        packed = file.read(info.compress_size)
    with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
        # one byte more than allowed shows an entry that is too large, without unpacking all of it
        text = reader.read(limit + 1)
    if len(text) > limit:  # the size stated in the archive may be false
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
    """Return the question of an input: the text itself, or the last user message of a chat."""
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
