"""A vote over the answers of several solutions."""

from __future__ import annotations

from ...verification import answers_equal


def vote(answers: list[str | None]) -> tuple[int, float]:
    """Choose among answers; equivalent ones ("0.5" and "1/2") vote together, missing ones do not vote.

    Returns:
        The index of the first solution with the winning answer (0 if nobody answered), and the share of all solutions that
        gave it. The first of equally frequent answers wins.
    """
    groups: list[list[int]] = []
    for place, answer in enumerate(answers):
        if answer is None:
            continue
        for group in groups:
            if answers_equal(str(answers[group[0]]), answer):
                group.append(place)
                break
        else:
            groups.append([place])
    if not groups:
        return 0, 0.0
    winner = max(groups, key=len)
    return winner[0], len(winner) / len(answers)
