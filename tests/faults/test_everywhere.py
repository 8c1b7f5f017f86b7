"""The same replies give the same results in threads, in processes and in event loops."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel

CODE = """
import json, sys
from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel

REPLIES = [
    "2 + 2 = 4\\nAnswer: 4", "\\ud800 Answer: 4", "\\x00 Answer: 4", "\\x1b[2J Answer: 4", "", "Answer: " + "9" * 5000,
    "x" * 100_000 + "\\nAnswer: 4", "\\u202eAnswer: 4", "Answer: 1/0",
    "Answer: \\\\frac{8}{2}", "2 + 2 = 5\\nAnswer: 5", "{question}",
]

def graph():
    student = ScriptedChatModel(script=lambda prompt: REPLIES[int(prompt.split("[reply ")[1].split("]")[0])])
    return build_trace_of_thought(ScriptedChatModel(script=lambda prompt: "1. Add.\\n2. Say it."), student)

def asked(number):
    return {"question": f"What is 2 + 2? [reply {number}]", "reference": "4"}

def shown(state):
    return {name: state[name] for name in ("status", "answer", "solution", "usage", "attempts")}
"""
ONE_PROCESS = CODE + "print(json.dumps([shown(graph().invoke(asked(number))) for number in range(len(REPLIES))]))"

names = {"build_trace_of_thought": build_trace_of_thought, "ScriptedChatModel": ScriptedChatModel}
exec(CODE, names)
graph, asked, shown, REPLIES = (names[name] for name in ("graph", "asked", "shown", "REPLIES"))


def test_replies_mean_the_same_in_threads_processes_and_event_loops():
    numbers = range(len(REPLIES))
    processes = [subprocess.Popen([sys.executable, "-c", ONE_PROCESS], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    alone = [shown(graph().invoke(asked(number))) for number in numbers]
    shared = graph()

    async def together():
        return [shown(state) for state in await asyncio.gather(*(shared.ainvoke(asked(number)) for number in numbers))]

    with ThreadPoolExecutor(8) as pool:
        in_threads = list(pool.map(lambda number: shown(shared.invoke(asked(number))), [*numbers] * 3))
        in_loops = list(pool.map(lambda _: asyncio.run(together()), range(4)))
    assert in_threads == alone * 3
    assert in_loops == [alone] * 4
    in_processes = [json.loads(process.communicate(timeout=240)[0]) for process in processes]
    assert in_processes == [alone] * 2
    assert {result["status"] for result in alone} >= {"correct", "incorrect", "no_answer"}
