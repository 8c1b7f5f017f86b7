"""A teacher that replays decompositions which some teacher gave before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from ..foundation.samples import SAMPLE

_INDEXED = 24
"""Characters of a question that its index key holds; shorter questions are compared one by one."""


class RecordedTeacher(BaseChatModel):
    """Replays decompositions by question: the longest recorded question that the prompt contains is answered.

    Read one with `RecordedTeacher.from_file`. Tokens are those that were recorded with the decomposition, if any.
    """

    source: str
    model_name: str
    records: dict[str, dict[str, Any]] = Field(repr=False)
    """Record by question, its white space folded."""
    index: dict[str, list[str]] = Field(repr=False)

    @classmethod
    def from_file(cls, file: str | Path, *, teacher: str | None = None) -> RecordedTeacher:
        """Read a JSONL file with `question` and `decomposition`, optionally `teacher`, `input_tokens`, `output_tokens`.

        Args:
            file: the file; "sample" is the bundled sample of problems.
            teacher: whose decompositions to replay; the teacher of the first line unless given.

        Raises:
            FileNotFoundError: no such file.
            ValueError: a line is malformed (with its number), or the file has nothing of this teacher.
        """
        path = SAMPLE if str(file) == "sample" else Path(file)
        if not path.is_file():
            raise FileNotFoundError(f"no recorded decompositions at {str(file)!r}; give a JSONL file, or 'recorded:sample'")
        rows = list(_read(path))
        teachers = list(dict.fromkeys(row.get("teacher", "recorded") for row in rows))
        chosen = teacher or next(iter(teachers), "")
        if chosen not in teachers:
            known = ", ".join(teachers) or "none at all"
            raise ValueError(f"{path} has no decompositions by {chosen or 'any teacher'!r}; it has {known}")
        records: dict[str, dict[str, Any]] = {}
        for row in rows:
            if row.get("teacher", "recorded") == chosen:
                records.setdefault(_fold(row["question"]), row)
        index: dict[str, list[str]] = {}
        for question in sorted(records, key=len, reverse=True):
            index.setdefault(question[:_INDEXED], []).append(question)
        return cls(source=str(file), model_name=chosen, records=records, index=index)

    @property
    def _llm_type(self) -> str:
        return "recorded"

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        return LangSmithParams(**{**params, "ls_provider": self._llm_type})

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"source": self.source, "model_name": self.model_name}

    def _find(self, prompt: str) -> dict[str, Any] | None:
        """Return the record of the longest question in the prompt."""
        found = [
            question
            for start in range(len(prompt))
            for question in self.index.get(prompt[start : start + _INDEXED], ())
            if prompt.startswith(question, start)
        ]
        found += [key for key in self.index if len(key) < _INDEXED and key in prompt]
        return self.records[max(found, key=len)] if found else None

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        prompt = _fold("\n".join(message.text for message in messages))
        record = self._find(prompt)
        if record is None:
            raise LookupError(
                f"{Path(self.source).name} holds no decomposition by {self.model_name!r} for this question; "
                f"it has {len(self.records)} questions: add this one, or use another teacher"
            )
        used, made = int(record.get("input_tokens") or 0), int(record.get("output_tokens") or 0)
        message = AIMessage(
            content=record["decomposition"],
            response_metadata={"finish_reason": "stop", "model_name": self.model_name, "model_provider": "recorded"},
        )
        if used or made:
            message.usage_metadata = {"input_tokens": used, "output_tokens": made, "total_tokens": used + made}
        return ChatResult(generations=[ChatGeneration(message=message)])


def _fold(text: str) -> str:
    return " ".join(text.split())


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                if not all(isinstance(row[key], str) and row[key].strip() for key in ("question", "decomposition")):
                    raise ValueError("'question' and 'decomposition' must be texts that are not empty")
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{path}, line {number}: {error!r}; each line is a JSON object with 'question' and 'decomposition'"
                ) from error
            yield row
