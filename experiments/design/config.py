"""What an experiment compares, checked by pydantic; the same fields stand in a YAML file and on the command line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    WithJsonSchema,
    model_validator,
)

from ...graphs.methods import MODES, TAUGHT, check_mode, is_ladder, method_named, method_names
from ...models.names import split_name
from ...prompts.examples import Choice

Method = Annotated[str, AfterValidator(lambda name: method_named(name).name), WithJsonSchema({"enum": list(method_names())})]
Mode = Annotated[str, AfterValidator(check_mode), WithJsonSchema({"anyOf": [{"enum": list(MODES)}, {"pattern": " > "}]})]
Review = Literal["never", "always", "flagged"]

HINT_SHARE = 0.3
LOCAL_CONCURRENCY = 32
REMOTE_CONCURRENCY = 8


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(_Strict):
    """Price of a model in USD for a million tokens."""

    input: NonNegativeFloat
    output: NonNegativeFloat


def _named(model: str) -> str:
    if model != "self":
        split_name(model)
    return model


class ModelConfig(_Strict):
    """A teacher or student. In a file, a plain text stands for its `model`."""

    model: Annotated[str, AfterValidator(_named)] = Field(
        min_length=1, description="PROVIDER:NAME, hf:MODEL, recorded:FILE; as a teacher also: self."
    )
    name: str = Field(default="", description="Shown in tables; derived from the model unless given.")
    concurrency: PositiveInt | None = Field(
        default=None, description="Problems at a time: 32 for local models, 8 for remote ones."
    )
    requests_per_second: PositiveFloat | None = Field(default=None, description="Limit for a remote model.")
    timeout: PositiveFloat = Field(default=120.0, description="Seconds for one remote call.")
    max_retries: int = Field(default=5, ge=0, description="Retries of one remote call.")
    base_url: str | None = Field(default=None, description="Of an OpenAI-compatible server.")
    temperature: NonNegativeFloat | None = None
    max_tokens: PositiveInt | None = Field(default=None, description="Token limit of one reply.")
    options: dict[str, Any] = Field(default_factory=dict, description="Further options of the model, such as dtype.")
    price: Price | None = Field(default=None, description="USD for a million tokens; else from MLflow's catalog of models.")

    @property
    def label(self) -> str:
        """The name in tables."""
        if self.name:
            return self.name
        if self.model == "self":
            return "self"
        provider, _, name = self.model.partition(":")
        name, _, teacher = name.partition("#")
        if provider == "recorded":
            stem = name.rsplit("/", 1)[-1].removesuffix(".jsonl").removeprefix("recorded_")
            return teacher or f"recorded {stem.replace('_', ' ')}"
        return name.rstrip("/").rsplit("/", 1)[-1].removesuffix(".gguf")

    @property
    def local(self) -> bool:
        """Whether it runs in this process or replays a file: nobody is paid."""
        return self.model == "self" or self.model.startswith(("hf:", "recorded:", "scripted:"))

    @property
    def callers(self) -> int:
        """Problems at a time."""
        return self.concurrency or (LOCAL_CONCURRENCY if self.local else REMOTE_CONCURRENCY)

    @property
    def identity(self) -> dict[str, Any]:
        """What its replies depend on; speed, price and the name shown do not belong to it."""
        kept = self.model_dump(include={"model", "base_url", "temperature", "max_tokens", "options"})
        return {name: value for name, value in kept.items() if value not in (None, {})}


class ProblemsConfig(_Strict):
    """A problem set. In a file, a plain text stands for its `source`."""

    source: str = Field(min_length=1, description="sample, gsm8k, math, a file, a hub id, or generated:TASK.")
    name: str | None = None
    limit: PositiveInt | None = None
    start: int = Field(default=0, ge=0, description="Skip so many first.")
    columns: dict[str, str] = Field(default_factory=dict, description="Columns for question, reference, problem_id, ...")
    split: str = "test"
    config: str | None = None
    domain: str = "math"
    seed: int = Field(default=0, description="Of a generated set.")
    options: dict[str, Any] = Field(default_factory=dict, description="Of a generated set.")


class Budget(_Strict):
    """Where the run stops by itself, counted over all sessions of the experiment but for the minutes."""

    max_cost_usd: PositiveFloat | None = None
    max_tokens: PositiveInt | None = None
    max_minutes: PositiveFloat | None = None


class Exclusion(_Strict):
    """Cells to leave out: what is given must all match; a list means any of its values."""

    problems: Any = None
    method: Any = None
    teacher: Any = None
    student: Any = None
    prompts: Any = None
    mode: Any = None
    samples: Any = None
    shots: Any = None
    seed: Any = None


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _of(field: str) -> Any:
    """Take a single value for a list, and a plain text for an object with that field."""
    return BeforeValidator(lambda value: [{field: item} if isinstance(item, str) else item for item in _listed(value)])


class ExperimentConfig(_Strict):
    """An experiment: its cells are the product of the lists, without what `exclude` matches."""

    name: str = Field(
        default="experiment", pattern=r"^[\w][\w .()+-]{0,79}$", description="Of the journal and the MLflow experiment."
    )
    problems: Annotated[tuple[ProblemsConfig, ...], _of("source"), Field(min_length=1)] = (ProblemsConfig(source="sample"),)
    methods: Annotated[tuple[Method, ...], BeforeValidator(_listed), Field(min_length=1)] = ("standard", TAUGHT)
    teachers: Annotated[tuple[ModelConfig, ...], _of("model")] = (ModelConfig(model="self"),)
    students: Annotated[tuple[ModelConfig, ...], _of("model"), Field(min_length=1)]
    prompts: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)] = ("default",)
    modes: Annotated[tuple[Mode, ...], BeforeValidator(_listed), Field(min_length=1)] = ("joint",)
    escalate: Annotated[tuple[Mode, ...], BeforeValidator(_listed)] = Field(
        default=(), description="Ladders, as further modes: 'program_of_thought > program if program_failed > teacher'."
    )
    hint_share: float | None = Field(
        default=HINT_SHARE, gt=0, lt=1, description="Share of the teacher's solution that mode hint shows; null for one step."
    )
    shots: Annotated[tuple[NonNegativeInt, ...], BeforeValidator(_listed), Field(min_length=1)] = (0,)
    shots_by: Choice = Field(
        default="first", description="How few-shot examples are chosen: in order, at random by seed, or by similarity."
    )
    samples: Annotated[tuple[PositiveInt, ...], BeforeValidator(_listed), Field(min_length=1)] = (1,)
    seeds: Annotated[tuple[int, ...], BeforeValidator(_listed), Field(min_length=1)] = (0,)
    max_attempts: PositiveInt = Field(default=1, description="Tries of the student, on signals that do not use the reference.")
    limit: PositiveInt | None = Field(default=None, description="Of every problem set that names none.")
    review: Review = Field(default="never", description="Whose steps a person sees first.")
    counterfactual: bool = Field(default=False, description="Where a review changed steps, solve from the old ones, too.")
    exclude: Annotated[tuple[Exclusion, ...], BeforeValidator(_listed)] = Field(
        default=(), description="Cells to leave out: fields that must all match."
    )
    concurrency: PositiveInt | None = Field(default=None, description="Of every model that names none.")
    retries: int = Field(default=1, ge=0, description="How often failed problems are tried again at the end.")
    budget: Budget = Budget()

    @model_validator(mode="after")
    def _models_for_their_roles(self) -> ExperimentConfig:
        if any(student.model == "self" for student in self.students):
            raise ValueError("a student cannot be 'self', a teacher that is the student; give PROVIDER:NAME or hf:MODEL")
        taught = [name for name in self.methods if method_named(name).taught]
        if taught and not self.teachers:
            raise ValueError(f"the method {taught[0]} needs teachers")
        if (ladder := next((mode for mode in self.modes if is_ladder(mode)), None)) and self.max_attempts > 1:
            raise ValueError(f"max_attempts does not apply to the ladder {ladder!r}: name a further rung instead")
        return self
