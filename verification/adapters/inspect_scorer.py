"""A scorer for inspect_ai: `verified`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..verdicts import Verdict
from ..verifiers import Verifier, mathematics

if TYPE_CHECKING:
    from inspect_ai.scorer import Scorer

STATUS = "status"
"""Key of a score's metadata with the status of the verdict."""


def verified(verifier: Verifier = mathematics) -> Scorer:
    """Return a scorer for `Task(scorer=verified())`. A score is C, I or N, with the final answer and its sentence.

    A time-out or a bad reference raises, so inspect_ai records an error of the sample, not a wrong answer.

    Raises:
        ModuleNotFoundError: inspect_ai is not installed.
    """
    from inspect_ai.scorer import CORRECT, INCORRECT, NOANSWER, Score, accuracy, scorer, stderr

    values = {"correct": CORRECT, "incorrect": INCORRECT, "no_answer": NOANSWER}

    @scorer(metrics=[accuracy(), stderr()], name="verified")
    def make() -> Any:
        async def score(state: Any, target: Any) -> Any:
            # In a thread: a comparison may wait for a worker, and the event loop serves all samples.
            verdict = await asyncio.to_thread(_best, verifier, state.output.completion, list(target), state.input_text)
            if verdict.status not in values:
                raise RuntimeError(f"the answer {verdict.answer!r} has the status {verdict.status} against {target.text!r}")
            return Score(
                value=values[verdict.status],
                answer=verdict.answer,
                explanation=verdict.sentence,
                metadata={STATUS: verdict.status},
            )

        return score

    return make()


def _best(verifier: Verifier, response: str, targets: list[str], question: str) -> Verdict:
    """Return the first right verdict, or else the verdict of the first target."""
    verdicts = [verifier.verify(response, target, question=question) for target in targets]
    return next((verdict for verdict in verdicts if verdict.status == "correct"), verdicts[0])
