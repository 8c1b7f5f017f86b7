"""A verdict that is corrected later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trace_of_thought import tracking


def valid(trace: Any) -> dict[str, Any]:
    return {item.name: item for item in trace.info.assessments if getattr(item, "valid", True) is not False}


def test_the_new_verdict_overrides_and_the_old_one_stays_visible(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    with tracking.traced("x"):
        make_graph().invoke({"question": "6 * 7?", "reference": "42.0"})
    [before] = traces_in("x")
    assert valid(before)["correct"].value is False
    store = tracking.connect()
    new = [(before.info.trace_id, "correct", {"reason": "42 equals 42.0"})]
    assert tracking.override_verdicts(store, new) == 1
    assert tracking.override_verdicts(store, new) == 0
    [after] = traces_in("x")
    assert (valid(after)["correct"].value, valid(after)["status"].value) == (True, "correct")
    assert valid(after)["correct"].rationale == "42 equals 42.0"
    old = [item for item in after.info.assessments if getattr(item, "valid", True) is False]
    assert {item.name: item.value for item in old} == {"correct": False, "status": "incorrect"}


def test_a_bad_reference_withdraws_the_verdict(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    with tracking.traced("x"):
        make_graph().invoke({"question": "6 * 7?", "reference": "?"})
    store = tracking.connect()
    trace_id = traces_in("x")[0].info.trace_id
    assert tracking.override_verdicts(store, [(trace_id, "bad_reference", {})]) == 1
    current = valid(traces_in("x")[0])
    assert current["status"].value == "bad_reference"
    assert current["correct"].value is None
