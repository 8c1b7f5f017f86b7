"""Name the cause of a problem's outcome from its row: `cause`."""

from __future__ import annotations

from ...nodes.state import Program
from ..journal.records import Detail, Row


def cause(row: Row, question: str) -> str:
    """Return "correct", or the cause of the failure in a few words: a sign found by rules, not a proof.

    A wrong answer may have several causes. The first is returned, in the order of `verification.error_causes`: an arithmetic
    slip, a missing step, a misread quantity.

    Args:
        row: the row, with its detail.
        question: text of the problem.
    """
    status = row["status"]
    # checked first: for a solution that was cut, the limit is the cause
    if status in ("no_answer", "incorrect") and "length" in (row["finish_reason"] or ""):
        return "token limit reached"
    if program := row["detail"].get("program"):
        return _of_program(status, program)
    if status != "incorrect":
        return status.replace("_", " ")
    # a wrong format is counted by the strict accuracy, and does not make an answer wrong
    known = [name for name in _causes(row["detail"], question) if name != "format"]
    return known[0].replace("_", " ") if known else "other wrong answer"


def _of_program(status: str, program: Program) -> str:
    # neither steps nor arithmetic can be read from a source
    if status == "incorrect":
        return "wrong value"
    if status == "no_answer":
        return "program failed" if program["source"] else "no program"
    return status.replace("_", " ")


def _causes(detail: Detail, question: str) -> list[str]:
    from ...verification import Equation, SolutionCheck, StepCheck, Verdict, error_causes

    verdict, check = detail.get("verdict"), detail.get("check")
    if not verdict or not check:
        return []
    # the journal has plain values; the causes are computed from the classes of `verification`
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
