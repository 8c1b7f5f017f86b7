"""A client of a LangGraph server (`langgraph dev` in this repository): starts a run, edits its steps, reads the answer.

python server_client.py http://127.0.0.1:2024 "What is 6 * 7?"
"""

import sys
from typing import Any

from langgraph_sdk import get_sync_client


def main(url: str, question: str) -> None:
    client = get_sync_client(url=url)
    thread = client.threads.create()["thread_id"]
    paused: Any = client.runs.wait(thread, "trace_of_thought_reviewed", input={"question": question})
    [pause] = paused["__interrupt__"]
    steps = pause["value"]["action_requests"][0]["args"]["steps"]
    print("the teacher's steps:", steps)
    edited = {"name": "review_steps", "args": {"steps": [*steps, "Check the result."]}}
    answer = {"decisions": [{"type": "edit", "edited_action": edited}]}
    done: Any = client.runs.wait(thread, "trace_of_thought_reviewed", command={"resume": answer})
    print("the student followed:", done["steps"])
    print("answer:", done["answer"], "status:", done["status"])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
