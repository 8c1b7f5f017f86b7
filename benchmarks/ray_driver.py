"""The driver of the runs of `ray_kills.py`, a process of its own, and the teacher on loopback that counts its lessons."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SLEEP_S, TOKENS, WIDTH = 0.4, 200, 8


def sleeper(log: str) -> Any:
    """Return a loader of the student: it sleeps, answers by the numbers in the question, and notes each call that it begins."""

    def load() -> Any:
        import asyncio
        import os
        import re

        from langchain_core.language_models import BaseChatModel
        from langchain_core.messages import AIMessage
        from langchain_core.outputs import ChatGeneration, ChatResult

        class Sleeper(BaseChatModel):
            seed: int | None = None

            @property
            def _llm_type(self) -> str:
                return "sleeper"

            def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
                raise NotImplementedError

            async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
                number = int(re.findall(r"What is (\d+) \+ 1", messages[-1].text)[-1])
                with open(log, "a") as file:
                    file.write(f"{number} {'steps' in messages[-1].text} {os.getpid()}\n")
                await asyncio.sleep(SLEEP_S * (0.5 + number % 11 / 10))
                text = f"{number} + 1 = {number + 1}\nAnswer: {number + 1 + (number % 3 == 0)}"
                usage = {"input_tokens": TOKENS // 2, "output_tokens": TOKENS // 2, "total_tokens": TOKENS}
                return ChatResult(generations=[ChatGeneration(message=AIMessage(text, usage_metadata=usage))])

        return Sleeper()

    return load


def drive(options: Any) -> None:
    """Run the experiment until it is whole; with a cluster's address, its student has two replicas there."""
    from trace_of_thought import tracking
    from trace_of_thought.experiments.design.config_file import build_config
    from trace_of_thought.experiments.design.plan import make_plan
    from trace_of_thought.experiments.exchange.publishing import MlflowTracker, experiment_record
    from trace_of_thought.experiments.run.preparing import open_journal
    from trace_of_thought.experiments.run.runner import run_experiment
    from trace_of_thought.models import ReplicatedChatModel

    home = Path(options.drive)
    teacher = {"model": "openai:t", "base_url": options.teacher, "concurrency": WIDTH}
    student: dict[str, Any] = {"model": "scripted:sleeper", "concurrency": WIDTH}
    if options.real:
        student = {"model": f"hf:{options.real}", "max_tokens": options.max_tokens, "concurrency": WIDTH}
        student |= {"replicas": 2, "ray": options.address} if options.address else {}
    plan = make_plan(
        build_config(
            {
                "problems": str(home.parent / "problems.jsonl"),
                "methods": ["standard", "trace_of_thought"],
                "teachers": [teacher],
                "students": [student],
            }
        )
    )
    with open_journal(plan, home) as journal, tracking.connect(f"sqlite:///{home / 'mlflow.db'}") as store:
        tracker = MlflowTracker(tracking.open_runs(store, experiment_record(journal, whole=False)))
        models = {}
        if not options.real:
            load = sleeper(str(home / "begun.log"))
            on_ray = {"name": "sleeper", "replicas": 2, "ray": options.address}
            models["scripted:sleeper"] = ReplicatedChatModel.start(load, **on_ray) if options.address else load()
        print("ready", flush=True)
        outcome = asyncio.run(run_experiment(plan, journal, models=models, tracker=tracker))
        print("done", outcome.done, outcome.failed, flush=True)
        for model in models.values():
            if isinstance(model, ReplicatedChatModel):
                model.close()


class Teacher(ThreadingHTTPServer):
    """Writes steps after a moment; `lessons` holds for each prompt when its replies were sent (None while they are not)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Lesson)
        self.lessons: dict[str, list[float | None]] = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Lesson(BaseHTTPRequestHandler):
    server: Teacher

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent = self.server.lessons.setdefault(request["messages"][-1]["content"], [])
        place = len(sent)
        sent.append(None)
        time.sleep(0.02)
        message = {"role": "assistant", "content": "1. Look at the number.\n2. Add one to it."}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "t"}
        body |= {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
        body |= {"usage": {"prompt_tokens": 50, "completion_tokens": 12, "total_tokens": 62}}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        sent[place] = time.time()

    def log_message(self, *args: Any) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drive", required=True, help="folder of the run")
    parser.add_argument("--teacher", required=True, help="the teacher's URL")
    parser.add_argument("--address", help="of the cluster; without it, the student is in this process")
    parser.add_argument("--real", help="a .gguf file or folder of a real student")
    parser.add_argument("--max-tokens", type=int, default=32)
    os.environ["OPENAI_API_KEY"] = "none"
    drive(parser.parse_args())


if __name__ == "__main__":
    main()
