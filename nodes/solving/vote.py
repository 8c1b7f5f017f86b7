"""The majority vote of self-consistency."""

from __future__ import annotations

from collections.abc import Callable


def vote(answers: list[str | None], equal: Callable[[str, str], bool]) -> tuple[int, float]:
    """Return the winner of a majority vote over answers (Wang et al. 2023, arXiv 2203.11171).

    Args:
        answers: one answer for each solution, None for a solution without one.
        equal: returns whether two answers are equivalent, as "0.5" and "1/2" are; equivalent answers vote together.

    Returns:
        The index of the first solution with the winning answer (0 if there is no answer), and the share of all solutions
        that gave it (0 to 1). Among equally frequent answers the first wins.
    """
    # `equal` may take seconds and need not be transitive: each answer is compared with the first of each group only
    groups: list[list[int]] = []
    for place, answer in enumerate(answers):
        if answer is None:
            continue
        for group in groups:
            if equal(str(answers[group[0]]), answer):
                group.append(place)
                break
        else:
            groups.append([place])
    if not groups:
        return 0, 0.0
    winner = max(groups, key=len)  # max keeps the first of equals
    return winner[0], len(winner) / len(answers)
