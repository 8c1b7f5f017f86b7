"""Load a problem set: by name, from a file, from the hub, or generated. Start at `load_problems`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from ..foundation.samples import SAMPLE
from .cleaning import clean
from .files import READERS, Row, read_rows
from .formats import to_problem
from .hub import SETS, read_hub
from .problem import Problem
from .problem_set import ProblemSet


def load_problems(
    source: str | Path = "sample",
    *,
    limit: int | None = None,
    start: int = 0,
    columns: Mapping[str, str] | None = None,
    split: str = "test",
    config: str | None = None,
    name: str | None = None,
    domain: str = "math",
    seed: int = 0,
    options: Mapping[str, object] | None = None,
) -> ProblemSet:
    """Load a problem set.

    Args:
        source: "sample" (bundled), "gsm8k" or "math" (from the hub), a `.jsonl`, `.json`, `.csv`, `.tsv` or `.parquet` file,
            a hub id such as "openai/gsm8k", or `generated:TASK` (a task of reasoning-gym).
        limit: maximum number of problems. Default: all, or 100 of a generated set.
        start: number of problems to skip first.
        columns: names of the columns for `question`, `reference`, `problem_id`, if they are not the usual ones; other keys
            become metadata.
        split: split of a hub data set.
        config: configuration of a hub data set.
        name: name of the set in tables. Default: derived from the source.
        domain: domain of problems that name none.
        seed: seed of a generated set.
        options: settings of a generated set's task.

    Returns:
        A list of `Problem` with the attributes `name`, `source`, `digest`, `scorer` and `issues`. Empty questions and
        duplicates are left out, problems without a reference are kept, and `issues` reports both.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is malformed (the message names file and line), a task or column is unknown, or no problem is left.
        ImportError: an extra is missing; the message names it.
        ConnectionError: the hub is unreachable.

    Example:
        ```python
        from trace_of_thought import load_problems

        problems = load_problems("sample", limit=3)
        assert [problem.reference for problem in problems] == ["8", "24", "9"]
        ```
    """
    text = str(source)
    if limit is not None and limit < 1:
        raise ValueError(f"limit={limit} leaves no problems; use 1 or more")
    if text.startswith("generated:"):
        from .generated import generate

        return generate(text.partition(":")[2], count=limit or 100, start=start, seed=seed, name=name, options=options or {})
    rows, where, short = _rows(text, config, split)
    return _collect(rows, ProblemSet(name=name or short, source=where), start, limit, dict(columns or {}), domain)


def _rows(source: str, config: str | None, split: str) -> tuple[Iterable[Row], str, str]:
    """Return the rows, the name of their source for messages, and a short name for tables."""
    if source == "sample":
        return read_rows(SAMPLE), "sample", "sample"
    path = Path(source).expanduser()
    # A suffix of a data file never means a hub id, so a missing file is reported as such.
    if path.suffix.lower() in READERS or path.is_file():
        if not path.is_file():
            raise FileNotFoundError(f"no problem file {source!r}; give a path, or one of sample, {', '.join(SETS)}")
        return read_rows(path), str(path), path.stem
    if source in SETS:
        hub_id, own = SETS[source]
        return read_hub(hub_id, config or own, split), hub_id, source
    if source.count("/") != 1 or source.startswith((".", "/", "~")):
        raise FileNotFoundError(
            f"no problems {source!r}; use sample, {', '.join(SETS)}, a file ({', '.join(READERS)}), a hub id OWNER/NAME, "
            "or generated:TASK"
        )
    return read_hub(source, config, split), source, source.partition("/")[2]


def _collect(
    rows: Iterable[Row], problems: ProblemSet, start: int, limit: int | None, columns: dict[str, str], domain: str
) -> ProblemSet:
    # Skipped and counted after cleaning: an empty row is no problem.
    """Clean the rows and fill the set, up to the limit."""
    cleaned = clean(_parsed(rows, problems.source, columns, domain), problems.name, problems.issues)
    problems.extend(islice(cleaned, start, None if limit is None else start + limit))
    cleaned.close()  # reports the issues of the rows read so far
    if not problems:
        raise ValueError(f"{problems.source} has no problems" + (f" after the first {start}" if start else ""))
    missing = sum(problem.reference is None for problem in problems)
    if missing:
        problems.issues.append(f"{missing} of {len(problems)} have no reference: their solutions are checked, not scored")
    return problems


def _parsed(rows: Iterable[Row], source: str, columns: dict[str, str], domain: str) -> Iterator[tuple[str, Problem]]:
    for place, row in rows:
        try:
            yield place, to_problem(row, columns, domain)
        except ValueError as error:
            raise ValueError(f"{source}, {place}: {error}") from error
