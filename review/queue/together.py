"""Decide several items at once, with one comment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from ..errors import AlreadyDecided
from .items import Item
from .queue import ReviewQueue


@dataclass
class Together:
    """The result: the items that were decided, and those that must be opened one by one (`left`)."""

    decided: list[Item] = field(default_factory=list)
    left: list[Item] = field(default_factory=list)


def decide_together(
    queue: ReviewQueue,
    numbers: Collection[int],
    decision: Literal["approve", "reject"],
    *,
    comment: str = "",
    reviewer: str = "",
    unflagged: bool = False,
    **filters: str,
) -> Together:
    """Decide on several waiting items.

    An item without steps, with hidden characters or with an unfinished edit is not approved this way. An item at its maximum
    number of revisions is not rejected. Both are returned in `left`.

    Args:
        queue: an open queue.
        numbers: numbers of the items.
        decision: the decision for all of them.
        comment: a note; for a rejection, what the teacher should change.
        reviewer: name to store with the decisions.
        unflagged: skip items with flags.
        filters: as in `ReviewQueue.pending`.

    Raises:
        ValueError: a rejection has no comment.
    """
    if decision == "reject" and not comment.strip():
        raise ValueError("sending back needs a comment: it tells the teacher what to change")
    result, begun = Together(), queue.drafts.subjects()
    for item in queue.pending(**filters):
        if item.number not in numbers or (unflagged and item.kinds):
            continue
        refused = (item.must_be_opened or item.subject in begun) if decision == "approve" else not item.may_reject
        if refused:
            result.left.append(item)
            continue
        try:
            result.decided.append(queue.decide(item.number, {"type": decision, "message": comment}, reviewer=reviewer))
        except AlreadyDecided:
            continue  # a colleague was faster
    return result
