"""The configuration of an experiment, `ExperimentConfig`. YAML files and the command line share its fields."""

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
from ...models.names import MAX_RETRIES, TIMEOUT, check_base_url, split_name
from ...nodes.solving.ways import HINT_SHARE
from ...prompts.examples import Choice

# checked by the registry, so that methods registered by plugins are accepted; the schema lists only those known now
Method = Annotated[str, AfterValidator(lambda name: method_named(name).name), WithJsonSchema({"enum": list(method_names())})]
Mode = Annotated[str, AfterValidator(check_mode), WithJsonSchema({"anyOf": [{"enum": list(MODES)}, {"pattern": " > "}]})]
# the range of a 64-bit integer, which SQLite and the engines accept
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Review = Literal["never", "always", "flagged"]

LOCAL_CONCURRENCY = 32
"""Default number of problems in flight per local model, enough to fill its batches."""

REMOTE_CONCURRENCY = 8
"""Default number of problems in flight per remote model, low enough for the rate limits of small accounts."""

ON_RAY = ("replicas", "ray", "gpus_per_replica", "cpus_per_replica")
"""The fields of `ModelConfig` that apply only to models on Ray."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)  # it may hold a password or a key


class Price(_Strict):
    """Price of a model in USD per million tokens."""

    input: NonNegativeFloat
    output: NonNegativeFloat


def _of_several(urls: Any) -> Any:
    """Return a list of one URL as that URL, so that both spellings give the same cell id; longer lists as a tuple."""
    return (urls[0] if len(urls) == 1 else tuple(urls) or None) if isinstance(urls, list | tuple) else urls


def _checked(urls: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
    for url in (urls,) if isinstance(urls, str) else urls or ():
        check_base_url(url)
    return urls


def _named(model: str) -> str:
    if model != "self":
        split_name(model)
    return model


class ModelConfig(_Strict):
    """A teacher or student. In a file, a plain string stands for its `model`."""

    model: Annotated[str, AfterValidator(_named)] = Field(
        min_length=1, description="PROVIDER:NAME, hf:MODEL or recorded:FILE; a teacher may also be self."
    )
    name: str = Field(default="", description="Name in tables. Default: derived from the model.")
    concurrency: PositiveInt | None = Field(
        default=None, description="Problems in flight. Default: 32 for local models, 8 for remote ones."
    )
    requests_per_second: PositiveFloat | None = Field(default=None, description="Rate limit of a remote model.")
    timeout: PositiveFloat = Field(default=TIMEOUT, description="Time limit of one remote call, in seconds, with its retries.")
    max_retries: int = Field(
        default=MAX_RETRIES, ge=0, description="Maximum retries of one remote call, within its time limit."
    )
    base_url: Annotated[str | tuple[str, ...] | None, BeforeValidator(_of_several), AfterValidator(_checked)] = Field(
        default=None, description="URL of an OpenAI-compatible server, or several of the same model, which share its calls."
    )
    temperature: NonNegativeFloat | None = None
    max_tokens: PositiveInt | None = Field(default=None, description="Maximum output tokens of one reply.")
    options: dict[str, Any] = Field(default_factory=dict, description="Further options of the model, such as dtype.")
    replicas: PositiveInt | None = Field(
        default=None, description="Replicas of a local model on Ray. Default: the model runs in this process."
    )
    ray: str | None = Field(
        default=None, description="Ray cluster that runs the replicas: auto or HOST:PORT. Default: Ray is started here."
    )
    gpus_per_replica: NonNegativeFloat | None = Field(
        default=None, description="GPUs of one replica, also a fraction. Default: 1 where there are GPUs."
    )
    cpus_per_replica: PositiveFloat | None = Field(default=None, description="CPU cores of one replica. Default: 1.")
    price: Price | None = Field(default=None, description="Price in USD per million tokens. Default: from MLflow's catalog.")

    @model_validator(mode="after")
    def _replicas_of_local_models(self) -> ModelConfig:
        given = [name for name in ON_RAY if getattr(self, name) is not None]
        if given and not self.model.startswith("hf:"):
            raise ValueError(
                f"{given[0]} is for local models (hf:), and this is {self.model!r}; for a model on several servers, list them "
                "in base_url"
            )
        return self

    @property
    def on_ray(self) -> dict[str, Any]:
        """The Ray fields that are set; empty for a model in this process."""
        return {name: value for name in ON_RAY if (value := getattr(self, name)) is not None}

    @property
    def label(self) -> str:
        """The model's name in tables."""
        if self.name:
            return self.name
        if self.model == "self":
            return "self"
        provider, _, name = self.model.partition(":")
        name, _, teacher = name.partition("#")
        # recorded:FILE#TEACHER names one of the teachers in a file
        if provider == "recorded":
            stem = name.rsplit("/", 1)[-1].removesuffix(".jsonl").removeprefix("recorded_")
            return teacher or f"recorded {stem.replace('_', ' ')}"
        return name.rstrip("/").rsplit("/", 1)[-1].removesuffix(".gguf")

    @property
    def local(self) -> bool:
        """Whether the model runs in this process or replays a file, so that nothing is billed."""
        return self.model == "self" or self.model.startswith(("hf:", "recorded:", "scripted:"))

    @property
    def callers(self) -> int:
        """Number of problems in flight. The default is per replica or server."""
        servers = len(self.base_url) if isinstance(self.base_url, tuple) else 1
        return self.concurrency or (LOCAL_CONCURRENCY * (self.replicas or 1) if self.local else REMOTE_CONCURRENCY * servers)

    @property
    def identity(self) -> dict[str, Any]:
        """The fields that the replies depend on, without those for speed, price and display.

        Only the first of several servers counts, so that servers can be added or removed between sessions.
        """
        # an allow list: a new field does not change the ids of old journals unless it is added here
        kept = self.model_dump(include={"model", "base_url", "temperature", "max_tokens", "options"})
        if isinstance(self.base_url, tuple):
            kept["base_url"] = self.base_url[0]
        return {name: value for name, value in kept.items() if value not in (None, {})}


class ProblemsConfig(_Strict):
    """A problem set. In a file, a plain string stands for its `source`."""

    source: str = Field(min_length=1, description="sample, gsm8k, math, a file, a hub id or generated:TASK.")
    name: str | None = None
    limit: PositiveInt | None = None
    start: int = Field(default=0, ge=0, description="Number of problems to skip first.")
    columns: dict[str, str] = Field(default_factory=dict, description="Column names for question, reference, problem_id, ...")
    split: str = "test"
    config: str | None = None
    domain: str = "math"
    seed: int = Field(default=0, description="Seed of a generated set.")
    options: dict[str, Any] = Field(default_factory=dict, description="Settings of a generated set's task.")


class Budget(_Strict):
    """Limits at which a run stops. Cost and tokens count over all sessions of the experiment, minutes over one session."""

    max_cost_usd: PositiveFloat | None = None
    max_tokens: PositiveInt | None = None
    max_minutes: PositiveFloat | None = None


class Exclusion(_Strict):
    """Cells to leave out. All given fields must match; a list matches any of its values."""

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
    """Return a validator that accepts a single value for a list, and a plain string for an object with just this field."""
    return BeforeValidator(lambda value: [{field: item} if isinstance(item, str) else item for item in _listed(value)])


class ExperimentConfig(_Strict):
    """An experiment. Its cells are all combinations of the lists, without those that `exclude` matches."""

    name: str = Field(
        default="experiment", pattern=r"^[\w][\w .()+-]{0,79}$", description="Name of the journal and of the MLflow experiment."
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
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_listed), Field(min_length=1)] = (0,)
    max_attempts: PositiveInt = Field(default=1, description="Maximum attempts per problem; a retry never uses the reference.")
    limit: PositiveInt | None = Field(default=None, description="Maximum problems of every set that names no limit.")
    review: Review = Field(default="never", description="Which plans a human reviews before solving.")
    counterfactual: bool = Field(default=False, description="Where a review changed the steps, also solve with the old ones.")
    exclude: Annotated[tuple[Exclusion, ...], BeforeValidator(_listed)] = Field(
        default=(), description="Combinations to leave out; all fields of a rule must match."
    )
    concurrency: PositiveInt | None = Field(default=None, description="Problems in flight of every model that names no number.")
    retries: int = Field(default=1, ge=0, description="How often failed problems are retried at the end of the run.")
    budget: Budget = Budget()

    @model_validator(mode="after")
    def _models_for_their_roles(self) -> ExperimentConfig:
        # checked for the whole experiment, since a model does not know whether it is a teacher or a student
        if any(student.model == "self" for student in self.students):
            raise ValueError("a student cannot be 'self', a teacher that is the student; give PROVIDER:NAME or hf:MODEL")
        taught = [name for name in self.methods if method_named(name).taught]
        if taught and not self.teachers:
            raise ValueError(f"the method {taught[0]} needs teachers")
        if (ladder := next((mode for mode in self.modes if is_ladder(mode)), None)) and self.max_attempts > 1:
            raise ValueError(f"max_attempts does not apply to the ladder {ladder!r}: name a further rung instead")
        return self
