"""1,000 reviews wait: how long the list, an item and a decision take on the page. Run: python benchmarks/review.py"""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from pathlib import Path

from fastapi.testclient import TestClient

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.review import make_app, open_queue

WAITING = 1_000
ORIGIN = "http://127.0.0.1:8765"
STEPS = "\n".join(f"{n}. Take what step {n - 1} gave and add the next price to it." for n in range(1, 9))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        queue = open_queue(Path(folder) / "reviews.sqlite")
        fill(queue)
        started = time.perf_counter()
        queue.refresh()
        print(f"taking in {WAITING} paused runs: {time.perf_counter() - started:.2f} s, once")
        client = TestClient(make_app(queue), base_url=ORIGIN, follow_redirects=False)
        first, page = timed(lambda: client.get("/"))
        again = statistics.median(timed(lambda: client.get("/"))[0] for _ in range(5))
        print(f"list of {WAITING}: first {first:.3f} s, then {again:.3f} s, {len(page.content) / 1e6:.2f} MB")
        token = re.search(r'name="page_token" value="(\w+)"', page.text)
        assert token
        measure(client, token[1])
        assert queue.counts().decided == 50


def fill(queue) -> None:
    teacher = ScriptedChatModel(script=lambda prompt: STEPS)
    with queue.store.saver() as saver:
        graph = build_trace_of_thought(teacher, teacher, review="always", checkpointer=saver)
        for n in range(WAITING):
            problem = {"question": f"Shop {n} sells 9 kinds of fruit; what do they cost together?", "problem_id": f"p{n}"}
            graph.invoke(problem, {"configurable": {"thread_id": f"t{n}"}, "metadata": {"teacher": "t"}}, durability="exit")


def measure(client, token) -> None:
    shown, decided = [], []
    for number in range(1, 51):
        shown.append(timed(lambda number=number: client.get(f"/items/{number}"))[0])
        fields = {"page_token": token, "op": "approve", "step": ["Add them.", "Say it."]}
        seconds, answer = timed(
            lambda number=number, fields=fields: client.post(f"/items/{number}", data=fields, headers={"origin": ORIGIN})
        )
        assert answer.status_code == 303, answer.text
        decided.append(seconds)
    for name, seconds in (("an item", shown), ("a decision", decided)):
        print(f"{name}: median {1000 * statistics.median(seconds):.0f} ms, worst {1000 * max(seconds):.0f} ms")


def timed(call):
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
