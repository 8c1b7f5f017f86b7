"""Make the k prompts of a solve node: text, few-shot turns, reason for a retry, and options that make the samples differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...prompts import PromptSet
from ...prompts.examples import Choice, Example, choose_examples
from ...prompts.sets import FINAL_LINE, asks_for_line
from ..asking.messages import Ask, Turns
from ..state import TraceState
from ..steps import number_steps

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

VOTING_TEMPERATURE = 0.7
"""Temperature of samples if the student is greedy or has none of its own (Wang et al. 2023, arXiv 2203.11171)."""

SEED_STRIDE = 1_000
"""Distance of the sample seeds of two neighbouring seeds: more than the samples of all attempts, and small enough for
providers whose seeds have 32 bits."""

_PROGRAMS = ("program", "program_of_thought")
"""Prompts whose examples are answered with a program."""

_WITHOUT_EXAMPLES = ("solve_step",)
"""Prompts that get no examples: those have a solution of the whole problem, not of one step."""


@dataclass(frozen=True)
class Shots:
    """Few-shot examples: how many, how chosen, and the seed of a random choice."""

    count: int = 0
    choice: Choice = "first"
    seed: int = 0


class Sampling:
    """Makes the prompts for one run of the solve node, k at a time.

    Args:
        student: the model, for its own temperature and seed; None where only prompts are wanted.
        prompts: prompt set.
        state: the question, and the reason for a retry if it is one.
        samples: k.
        shots: few-shot examples.
        logprobs: whether to ask for log-probabilities.
    """

    def __init__(
        self,
        student: BaseChatModel | None,
        prompts: PromptSet,
        state: TraceState,
        samples: int,
        shots: Shots,
        *,
        logprobs: bool,
    ) -> None:
        self.samples = samples
        self._prompts = prompts
        self._reason = state.get("retry_reason") or ""
        attempt = state.get("attempts", 0) if self._reason else 0
        self._options = [
            _options(student, samples, attempt, sample) | ({"logprobs": True} if logprobs else {}) for sample in range(samples)
        ]
        self._examples = (
            choose_examples(prompts.examples, state["question"], shots.count, shots.choice, shots.seed) if shots.count else []
        )

    def ask(self, prompt: str, *, beginning: str = "", **values: str) -> list[Ask]:
        """Return k prompts that differ only in their options; `beginning` is a beginning of the reply to continue."""
        return self.ask_each(prompt, [values] * self.samples, beginning=beginning)

    def ask_each(self, prompt: str, values: Sequence[dict[str, str]], *, beginning: str = "") -> list[Ask]:
        """Return one prompt for each sample, filled with values of its own."""
        turns = () if prompt in _WITHOUT_EXAMPLES else self._turns(prompt)
        texts = [self._prompts.fill(prompt, **own) for own in values]
        return [Ask(self._retried(text), options, turns, beginning) for text, options in zip(texts, self._options, strict=True)]

    def _turns(self, prompt: str) -> Turns:
        return example_turns(self._prompts, prompt, self._examples)

    def _retried(self, text: str) -> str:
        return self._prompts.fill("retry", prompt=text, reason=self._reason) if self._reason else text


def example_turns(prompts: PromptSet, prompt: str, examples: Sequence[Example]) -> Turns:
    """Return examples as chat turns in the wording of a prompt. The student sees its own question in exactly the same form."""
    return tuple(
        (
            prompts.fill(prompt, question=example.question, steps=number_steps(list(example.steps))),
            _worked(prompts.texts[prompt], prompt, example),
        )
        for example in examples
    )


def _worked(template: str, prompt: str, example: Example) -> str:
    """Return the reply that an example shows for a prompt."""
    if prompt in _PROGRAMS:
        return f"```python\n{example.program}\n```"
    solution = example.solution
    if not asks_for_line([template]):  # a set that asks for no final line, such as `plain`, shows none
        solution = solution.partition(f"\n{FINAL_LINE}")[0]
    if prompt == "plan_and_solve":
        return f"Plan:\n{number_steps(list(example.steps))}\n\nSolution:\n{solution}"
    return solution


def _options(student: BaseChatModel | None, samples: int, attempt: int, sample: int) -> dict[str, Any]:
    """Return call options that give each sample, and each retry, a seed of its own; none for a single sample.

    A single sample leaves the student as it was set up. k samples of a greedy student would all be the same.
    """
    if samples == 1:
        return {}
    own = getattr(student, "temperature", None)
    base = getattr(student, "seed", None) or 0
    # neighbouring seeds of an experiment must not share samples, or its repetitions would not be independent
    return {"temperature": own or VOTING_TEMPERATURE, "seed": (base * SEED_STRIDE + attempt * samples + sample) % 2**63}
