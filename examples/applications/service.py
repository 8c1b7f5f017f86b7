"""A web service that streams what happens: the steps, the student's tokens and the verdict, one JSON object a line.

The models are TOT_TEACHER and TOT_STUDENT, names as for `load_chat_model`:

    python service.py 8000
    curl -N 127.0.0.1:8000/solve -H 'content-type: application/json' -d '{"question": "What is 6 * 7?"}'
"""

import json
import os
import sys
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from trace_of_thought import build_trace_of_thought

if __name__ == "__main__" and (len(sys.argv) != 2 or not {"TOT_TEACHER", "TOT_STUDENT"} <= os.environ.keys()):
    sys.exit(__doc__)

app = FastAPI()
graph = build_trace_of_thought(os.environ["TOT_TEACHER"], os.environ["TOT_STUDENT"])  # loaded once, for all requests


class Problem(BaseModel):
    question: str = Field(min_length=1, max_length=50_000)
    reference: str | None = None


@app.post("/solve")
async def solve(problem: Problem) -> StreamingResponse:
    return StreamingResponse(_events(problem), media_type="application/x-ndjson")


async def _events(problem: Problem) -> AsyncIterator[str]:
    """Yield what happens; a client that leaves cancels the run, and the models with it."""
    try:
        async for part in graph.astream(
            {"question": problem.question, "reference": problem.reference}, stream_mode=["updates", "messages"], version="v2"
        ):
            if part["type"] == "messages":
                chunk, about = part["data"]
                if about["langgraph_node"] == "solve":
                    yield _line("token", chunk.text)
            elif part["type"] == "updates":
                for node, update in part["data"].items():
                    if node == "decompose":
                        yield _line("steps", update["steps"])
                    elif node == "verify":
                        yield _line("verdict", {"answer": update["answer"], "status": update["status"]})
    except Exception as error:
        yield _line("error", type(error).__name__)  # its text may tell of the server: it belongs into the log


def _line(event: str, data: object) -> str:
    return json.dumps({"event": event, "data": data}) + "\n"


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
