"""Why a problem ended as it did, from its row: for the report."""

from __future__ import annotations

from ..journal.records import Detail, Row


def cause(row: Row, question: str) -> str:
    """Return "correct", or what went wrong in a word or two.

    Of several causes of a wrong answer the first is taken, in the order of `verification.error_causes`: an arithmetic slip, a
    missing step, a misread quantity.
    """
    status = row["status"]
    if status in ("no_answer", "incorrect") and "length" in (row["finish_reason"] or ""):
        return "token limit reached"
    if status != "incorrect":
        return status.replace("_", " ")
    known = [name for name in _causes(row["detail"], question) if name != "format"]
    return known[0].replace("_", " ") if known else "other wrong answer"


def _causes(detail: Detail, question: str) -> list[str]:
    from ...verification import Equation, SolutionCheck, StepCheck, Verdict, error_causes

    verdict, check = detail.get("verdict"), detail.get("check")
    if not verdict or not check:
        return []
    equations = tuple(Equation(**equation) for equation in check["equations"])
    steps = tuple(StepCheck(**step) for step in check["steps"])
    rebuilt = SolutionCheck(
        status=check["status"],
        equations=equations,
        first_wrong=check["first_wrong"],
        summary=check["summary"],
        steps=steps,
    )
    found = Verdict(status=verdict["status"], answer=verdict["answer"], source=verdict["source"], strict=verdict["strict"])
    return error_causes(found, rebuilt, question=question)
