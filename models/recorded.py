"""A chat model that replays recorded replies by question: a teacher's steps, or solutions of any model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from ..foundation.lines import numbered_lines
from ..foundation.samples import SAMPLE
from ..foundation.wording import counted

KINDS = ("decomposition", "solution")
"""What can be recorded for a question: the steps, and a solution."""

Role = Literal["teacher", "student"]

_INSTEAD = {
    "teacher": "use --teacher self, or --teacher openai:NAME",
    "student": "use --student hf:MODEL, or --student openai:NAME",
    None: "use another model",
}
"""Advice by role. A call does not say its role."""

_INDEXED = 24
"""Length of the index keys: the first characters of each question. A prompt is searched for them, not for every question."""


class RecordedTeacher(BaseChatModel):
    """Answers with what was recorded for the longest recorded question that the prompt contains.

    Create one with `RecordedTeacher.from_file`. Token counts are those that were recorded, if any.
    """

    continues: ClassVar[bool] = True

    source: str
    model_name: str
    records: dict[str, dict[str, dict[str, Any]]] = Field(repr=False)
    """Rows by question (with white space folded), then by kind."""
    index: dict[str, list[str]] = Field(repr=False)
    """Questions by their first `_INDEXED` characters."""
    wants: str = "decomposition"
    """Which kind to replay if a question has both; a call can ask for the other one with the option `wants`."""

    @classmethod
    def from_file(cls, file: str | Path, *, teacher: str | None = None) -> RecordedTeacher:
        """Read JSONL with `question` and `decomposition` or `solution`, optionally `teacher`, `input_tokens`, `output_tokens`.

        Args:
            file: path of a file, or several joined by "+"; "sample" is the bundled sample.
            teacher: whose replies to replay. Default: the teacher of the first line.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a line is malformed (the message has its number), or the file has nothing by this teacher.
        """
        rows = [row for part in _parts(file) for row in _read(part)]
        teachers = list(dict.fromkeys(row.get("teacher", "recorded") for row in rows))
        chosen = teacher or next(iter(teachers), "")
        if chosen not in teachers:
            known = ", ".join(teachers) or "none at all"
            raise ValueError(f"{file} has no decompositions by {chosen or 'any teacher'!r}; it has {known}")
        records: dict[str, dict[str, dict[str, Any]]] = {}
        for row in rows:
            if row.get("teacher", "recorded") == chosen:
                kinds = records.setdefault(_fold(row["question"]), {})
                for kind in KINDS:
                    if row.get(kind):
                        kinds.setdefault(kind, row)  # of two rows for one question the first counts
        index: dict[str, list[str]] = {}
        for question in sorted(records, key=len, reverse=True):
            index.setdefault(question[:_INDEXED], []).append(question)
        return cls(source=str(file), model_name=chosen, records=records, index=index)

    @property
    def questions(self) -> list[str]:
        """The recorded questions, with white space folded."""
        return list(self.records)

    def check_questions(self, questions: Sequence[str], role: Role = "teacher", kind: str | None = None) -> None:
        """Raise an error before any call if nothing is recorded for any of the questions.

        Args:
            questions: what will be asked.
            role: what the model is used as, for the advice.
            kind: which kind will be asked for, one of `KINDS`; None if either will do.

        Raises:
            LookupError: nothing is recorded, or nothing of this kind.
        """
        found = [kinds for question in questions if (kinds := self._find(_fold(question)))]
        if questions and not any(kind is None or kind in kinds for kinds in found):
            raise LookupError(self._missing(kind or self.wants, len(questions), role, known=bool(found)))

    def _missing(self, kind: str, asked: int = 1, role: Role | None = None, *, known: bool = False) -> str:
        """Return the message for questions without such a record; `known` if they have one of the other kind."""
        if self.source == "sample" and not known:
            none = "this question is none of them" if asked == 1 else f"none of these {asked:,} problems is among them"
            return f"recorded:sample has steps for its own {len(self.records)} problems only, and {none}; {_INSTEAD[role]}"
        which, add = ("this question", "it") if asked == 1 else (f"any of these {asked:,} problems", "them")
        return (
            f"{Path(self.source).name} holds no {kind} by {self.model_name!r} for {which}; "
            f"it has {counted(len(self.records), 'question')}: add {add}, or {_INSTEAD[role]}"
        )

    @property
    def _llm_type(self) -> str:
        return "recorded"

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        return LangSmithParams(**{**params, "ls_provider": self._llm_type})

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"source": self.source, "model_name": self.model_name}

    def _find(self, prompt: str) -> dict[str, dict[str, Any]]:
        """Return what is recorded for the longest question in the prompt, by kind.

        The longest, because a question can be part of another one.
        """
        found = [
            question
            for start in range(len(prompt))
            for question in self.index.get(prompt[start : start + _INDEXED], ())
            if prompt.startswith(question, start)
        ]
        # a question shorter than `_INDEXED` is its own key, which those slices match only at the end of the prompt
        found += [key for key in self.index if len(key) < _INDEXED and key in prompt]
        return self.records[max(found, key=len)] if found else {}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        kinds = self._find(_fold(_asked(messages)))
        wanted = kwargs.get("wants") or self.wants
        # only the model's default falls back to the other kind; a call that names one gets it or an error
        kind = wanted if wanted in kinds or "wants" in kwargs else next(iter(kinds), wanted)
        if kind not in kinds:
            raise LookupError(self._missing(kind, known=bool(kinds)))
        record = kinds[kind]
        used, made = int(record.get("input_tokens") or 0), int(record.get("output_tokens") or 0)
        message = AIMessage(
            content=record[kind],
            response_metadata={"finish_reason": "stop", "model_name": self.model_name, "model_provider": "recorded"},
        )
        if used or made:  # unknown counts stay None rather than 0
            message.usage_metadata = {"input_tokens": used, "output_tokens": made, "total_tokens": used + made}
        return ChatResult(generations=[ChatGeneration(message=message)])


def _asked(messages: list[BaseMessage]) -> str:
    """Return the last human message. Few-shot examples before it contain questions of their own."""
    asked = [message.text for message in messages if message.type == "human"]
    return asked[-1] if asked else "\n".join(message.text for message in messages)


def _fold(text: str) -> str:
    return " ".join(text.split())  # prompts may wrap or indent a question


def _parts(file: str | Path) -> Iterator[Path]:
    """Yield the paths in a name; a file whose own name has a "+" is one path."""
    whole = Path(file)
    for part in [str(file)] if whole.is_file() else str(file).split("+"):
        path = SAMPLE if part == "sample" else Path(part)
        if not path.is_file():
            raise FileNotFoundError(f"no recorded decompositions at {part!r}; give a JSONL file, or 'recorded:sample'")
        yield path


def _read(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            _check(row)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(
                f"{path}, line {number}: {error!r}; each line is a JSON object with 'question' and 'decomposition', "
                "or 'question' and 'solution'"
            ) from None
        yield row


def _check(row: dict[str, Any]) -> None:
    """Raise `TypeError`, `KeyError` or `ValueError` for a malformed row."""
    if not isinstance(row, dict):
        raise TypeError(f"a {type(row).__name__} is not a JSON object")
    given = [kind for kind in KINDS if row.get(kind) is not None]
    if not given:
        raise KeyError("decomposition")
    for name in ("question", *given):
        if not isinstance(row[name], str) or not row[name].strip():
            raise ValueError(f"{name!r} must be a text that is not empty; give one, or remove the line")
