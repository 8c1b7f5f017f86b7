"""A scorer for inspect_ai."""

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
    """Return a scorer for `Task(scorer=verified())`: C, I or N, the claim, and the sentence that it was taken from.

    A time-out or a bad reference raises: inspect_ai records it as the sample's error rather than as a wrong answer.

    Raises:
        ModuleNotFoundError: inspect_ai is not installed.
    """
    from inspect_ai.scorer import CORRECT, INCORRECT, NOANSWER, Score, accuracy, scorer, stderr

    values = {"correct": CORRECT, "incorrect": INCORRECT, "no_answer": NOANSWER}

    @scorer(metrics=[accuracy(), stderr()], name="verified")
    def make() -> Any:
        async def score(state: Any, target: Any) -> Any:
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
    """Return the first verdict that is right, else that of the first target."""
    verdicts = [verifier.verify(response, target, question=question) for target in targets]
    return next((verdict for verdict in verdicts if verdict.status == "correct"), verdicts[0])
