"""`tot solve`: one question, its steps, solution, answer and status as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

METHODS = ("trace_of_thought", "standard", "chain_of_thought", "plan_and_solve")


def solve(
    question: Annotated[str, typer.Argument(help="The problem, in words.")],
    teacher: Annotated[str, typer.Option(help="PROVIDER:NAME, recorded:FILE, or 'self' for the student.")] = "self",
    student: Annotated[str, typer.Option(help="PROVIDER:NAME, or hf: and a hub id, a folder or a .gguf file.")] = "",
    reference: Annotated[str | None, typer.Option(help="The known answer, to verify against.")] = None,
    method: Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}.")] = METHODS[0],
    prompts: Annotated[str, typer.Option(help="Prompt set: default, plain or a folder.")] = "default",
    mode: Annotated[str, typer.Option(help="joint (all steps at once) or sequential (one by one).")] = "joint",
    samples: Annotated[int, typer.Option(min=1, help="Solutions to vote over.")] = 1,
    max_attempts: Annotated[int, typer.Option(min=1, help="Tries of the student.")] = 1,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Token limit of one reply of the student.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Of an OpenAI-compatible server, for openai: models.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for one remote call.")] = 120.0,
) -> None:
    """Solve one QUESTION and show steps, solution, answer and status as they come."""
    from rich.console import Console

    from ..graphs.baselines import BASELINES, build_baseline
    from ..graphs.trace_of_thought import build_trace_of_thought

    if not question.strip():
        raise typer.BadParameter("it is empty; write the problem in words", param_hint="QUESTION")
    if method not in METHODS:
        raise typer.BadParameter(f"{method!r} is unknown; use one of {', '.join(METHODS)}", param_hint="--method")
    if not student:
        raise typer.BadParameter(
            "missing; for example --student hf:HuggingFaceTB/SmolLM2-135M-Instruct", param_hint="--student"
        )
    own = _load(student, base_url, timeout, max_tokens)
    options: dict[str, Any] = {"prompts": prompts, "samples": samples, "max_attempts": max_attempts}
    if method in BASELINES:
        graph = build_baseline(method, own, **options)  # type: ignore[arg-type]
    else:
        taught_by = own if teacher == "self" else _load(teacher, base_url, timeout, None)
        graph = build_trace_of_thought(taught_by, own, mode=mode, **options)  # type: ignore[arg-type]
    show(graph, {"question": question, "reference": reference}, Console(highlight=False, markup=False))


def _load(spec: str, base_url: str | None, timeout: float, max_tokens: int | None) -> Any:
    from ..models.load import load_chat_model

    remote = not spec.startswith(("hf:", "recorded:"))
    given = {"max_tokens": max_tokens, "base_url": base_url if remote else None}
    return load_chat_model(spec, timeout=timeout, **{key: value for key, value in given.items() if value is not None})


def show(graph: Any, problem: dict[str, Any], console: Console) -> dict[str, Any]:
    """Run a graph on a problem and print what its nodes do; the student's words appear as they come."""
    from ..nodes.failures import printable

    state: dict[str, Any] = {}
    speaking = ""
    for kind, data in graph.stream(problem, stream_mode=["messages", "updates"]):
        if kind == "messages":
            chunk, meta = data
            if meta["langgraph_node"] == "solve":
                if speaking != "solve":
                    console.print("\nSolution", style="bold")
                speaking = "solve"
                console.print(printable(chunk.text), end="")
            continue
        for node, update in data.items():
            state |= update or {}
            _show_node(node, update or {}, console)
            speaking = node
    return state


def _show_node(node: str, update: dict[str, Any], console: Console) -> None:
    from ..nodes.failures import printable
    from ..nodes.steps import number_steps

    if node == "decompose":
        console.print("Steps", style="bold")
        console.print(printable(number_steps(update["steps"])) or "(none)")
        for flag in update["flags"]:
            console.print(printable(f"! {flag['kind']}: {flag['detail']}"), style="yellow")
    elif node == "solve":
        console.print()
        if any(solution["finish_reason"] == "length" for solution in update["solutions"]):
            console.print("! the student ran into its token limit: raise --max-tokens", style="yellow")
    elif node == "verify":
        console.print("\nAnswer", style="bold", end="")
        console.print(f"  {printable(update['answer'] or '(none found)')}")
        console.print("Status", style="bold", end="")
        console.print(f"  {update['status']}" + (f"  ({update['check']['summary']})" if update["check"]["summary"] else ""))
        if update["retry_reason"]:
            console.print(f"Trying again: {printable(update['retry_reason'])}", style="yellow")
    if "usage" in update:
        parts = [f"{role} {use['input_tokens']}+{use['output_tokens']} tokens" for role, use in update["usage"].items()]
        console.print(f"[{node}: {', '.join(parts)}]", style="dim")
