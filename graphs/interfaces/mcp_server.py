"""An MCP server with three tools: solve, decompose, verify. It uses the official SDK."""

from __future__ import annotations

import asyncio
import hmac
import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from pydantic import BaseModel, Field, create_model

from ...foundation.lines import MAX_CHARACTERS
from ...nodes.asking.failures import explain
from ...nodes.decompose import make_decompose
from ...nodes.hitl import reasons_of
from ...prompts import PromptSet, load_prompts
from ...verification import verify_answer as verify
from ...verification.verdicts import Source
from ..trace_of_thought import build_trace_of_thought

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from ...nodes.state import TraceState

MAX_RESPONSE = 200_000
"""Maximum length of a response to verify, in characters."""

Question = Annotated[
    str,
    Field(min_length=1, max_length=MAX_CHARACTERS, description="The whole problem in words, with every number that it needs."),
]
Reference = Annotated[str | None, Field(max_length=10_000, description="The known answer, if any. Only the check uses it.")]


class Solved(BaseModel):
    """A solved problem."""

    answer: str | None = Field(description="The final answer; null if the solution gives none.")
    status: str = Field(
        description="With a reference: correct, incorrect, no_answer, timeout, bad_reference. Without: consistent or "
        "inconsistent (whether the solution's own arithmetic holds), unchecked."
    )
    steps: list[str] = Field(description="The steps that the student got.")
    solution: str = Field(description="What the student wrote.")
    program_error: str | None = Field(
        description='Why the student\'s program gave no value; "" if it gave one, null if the solution is no program.'
    )
    check: str = Field(description="Result of checking the solution's arithmetic.")
    tokens: dict[str, int] = Field(description="Tokens used, by role.")


class Decomposed(BaseModel):
    """The steps for a problem."""

    steps: list[str] = Field(description="The steps, not solved; empty if the teacher refused.")
    flags: list[str] = Field(description="What a reviewer should know about them, for example that a step has a result.")


class Verified(BaseModel):
    """A verdict on an answer."""

    status: str = Field(description="correct, incorrect, no_answer, timeout or bad_reference.")
    answer: str | None = Field(description="The final answer that the response claims; null if there is none.")
    source: Source | None = Field(description="Where in the response it was found.")


def make_server(
    teacher: BaseChatModel, student: BaseChatModel, *, prompts: str | PromptSet = "default", **options: Any
) -> MCPServer:
    """Return the server with its three tools.

    Args:
        teacher: a chat model that writes the steps.
        student: a chat model that follows them.
        prompts: prompt set, see `load_prompts`.
        options: options of `build_trace_of_thought`, such as `mode`, `samples`, `max_attempts`.

    Raises:
        ValueError: an option is out of range.
    """
    return MCPServer(
        "trace-of-thought",
        version=version("trace-of-thought"),
        log_level="WARNING",
        instructions=INSTRUCTIONS,
        tools=[
            _tool(
                _solving(build_trace_of_thought(teacher, student, prompts=prompts, **options)), "Solve a problem step by step"
            ),
            _tool(_decomposing(make_decompose(teacher, load_prompts(prompts))), "Write the steps for a problem"),
            _tool(verify_answer, "Verify an answer"),
        ],
    )


def _solving(graph: Runnable[Any, Any]) -> Callable[..., Any]:
    """Return the function behind the tool `solve_problem`. Models read its docstring as the tool's description."""

    async def solve_problem(question: Question, ctx: Context, reference: Reference = None) -> Solved:
        """Solve a self-contained problem with one short final answer: a strong model writes the steps, a small one follows
        them, and the answer is checked."""
        state: dict[str, Any] = {"steps": []}
        done = 0
        try:
            async for update in graph.astream({"question": question, "reference": reference}, stream_mode="updates"):
                for node, change in update.items():
                    state |= change or {}
                    done += 1  # progress may only grow, and ladders and retries come back to nodes
                    await ctx.report_progress(done, max(done, NODES), f"{node} is done")
        except Exception as error:
            raise ToolError(explain(error)) from error
        tokens = {role: used["input_tokens"] + used["output_tokens"] for role, used in state["usage"].items()}
        program = state.get("program")
        return Solved(
            program_error=program["error"] if program else None,
            check=state["check"]["summary"],
            tokens=tokens,
            **{key: state[key] for key in ("answer", "status", "steps", "solution")},
        )

    return solve_problem


def _decomposing(decompose: Runnable[Any, Any]) -> Callable[..., Any]:
    """Return the function behind the tool `decompose_problem`."""

    async def decompose_problem(question: Question) -> Decomposed:
        """Write the steps for solving a problem, without solving it."""
        try:
            update = await decompose.ainvoke({"question": question})
        except Exception as error:
            raise ToolError(explain(error)) from error
        return Decomposed(steps=update["steps"], flags=reasons_of(cast("TraceState", update)))

    return decompose_problem


async def verify_answer(
    response: Annotated[str, Field(max_length=MAX_RESPONSE, description="A whole solution, or just an answer.")],
    reference: Annotated[str, Field(min_length=1, max_length=10_000, description="The right answer.")],
    question: Annotated[
        str | None, Field(max_length=MAX_CHARACTERS, description="Helps to find which quantity is asked for.")
    ] = None,
) -> Verified:
    """Compare the final answer of a response with the right answer, as mathematics."""
    verdict = await asyncio.to_thread(verify, response, reference, question=question)
    return Verified(status=verdict.status, answer=verdict.answer, source=verdict.source)


def _tool(function: Callable[..., Any], title: str) -> Tool:
    """Return a tool that refuses unknown arguments. The SDK drops them, and nobody would notice a misspelt `reference`."""
    tool = Tool.from_function(function, title=title, description=inspect.getdoc(function))
    taken = tool.fn_metadata.arg_model
    strict = create_model(taken.__name__, __base__=taken, __cls_kwargs__={"extra": "forbid"})
    tool.fn_metadata.arg_model, tool.parameters = strict, strict.model_json_schema(by_alias=True)
    return tool


INSTRUCTIONS = "Tools for problems with one short final answer: solve a problem, write only its steps, or verify an answer."
NODES = 4
"""Nodes of a run without retries (decompose, review, solve, verify), the first estimate of the progress."""


class BearerToken:
    """ASGI middleware that answers 401 to HTTP requests without the token.

    Args:
        app: the application to protect.
        token: the secret that clients send as `Authorization: Bearer TOKEN`.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.expected = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401."""
        scheme, _, given = dict(scope.get("headers", ())).get(b"authorization", b"").partition(b" ")
        # Schemes are case-insensitive (RFC 7235). `compare_digest` takes the same time wherever the first difference is.
        known = scheme.lower() == b"bearer" and hmac.compare_digest(given.lstrip(b" "), self.expected)
        if scope["type"] == "http" and not known:
            from starlette.responses import PlainTextResponse

            refusal = PlainTextResponse("give the token: Authorization: Bearer ...", 401, {"www-authenticate": "Bearer"})
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)
