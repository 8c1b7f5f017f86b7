"""Add your own node: a calculator corrects the student's arithmetic before the answer is verified."""

import re

from langgraph.graph import START, StateGraph

from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.decompose import make_decompose
from trace_of_thought.nodes.solve import make_solve
from trace_of_thought.nodes.solving.ways import WAYS
from trace_of_thought.nodes.state import TraceInput, TraceOutput, TraceState
from trace_of_thought.nodes.verify import make_verify
from trace_of_thought.prompts import load_prompts
from trace_of_thought.verification import check_solution


def calculator(state: TraceState) -> dict:
    """Replace every wrong result wherever the solution uses it, without looking at the reference."""
    solution = state["solution"]
    for equation in check_solution(solution).equations:
        if not equation.ok:
            wrong = re.escape(equation.text.split("=")[-1].strip())
            solution = re.sub(rf"(?<![\d.]){wrong}(?!\.?\d)", equation.correct, solution)
    return {"solution": solution}


teacher = ScriptedChatModel(script=lambda prompt: "1. Multiply the eggs of one box by the boxes.")
student = ScriptedChatModel(script=lambda prompt: "6 * 4 = 2\nAnswer: 2")
prompts = load_prompts("default")

graph = StateGraph(TraceState, input_schema=TraceInput, output_schema=TraceOutput)
graph.add_node("decompose", make_decompose(teacher, prompts))
graph.add_node("solve", make_solve(student, prompts, WAYS["joint"]))
graph.add_node("calculator", calculator)
graph.add_node("verify", make_verify())
graph.add_edge(START, "decompose")
graph.add_edge("decompose", "solve")
graph.add_edge("solve", "calculator")
graph.add_edge("calculator", "verify")

if __name__ == "__main__":
    result = graph.compile().invoke({"question": "A box holds 6 eggs. How many eggs are in 4 boxes?", "reference": "24"})
    print(result["solution"], result["status"], sep="\n")
