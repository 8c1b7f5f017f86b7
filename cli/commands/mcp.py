"""`tot mcp`: serve MCP clients over stdio or HTTP."""

from __future__ import annotations

import logging
import sys
from contextlib import redirect_stdout
from typing import Annotated, Any

import typer

from ...foundation.commands import install
from ...graphs.graph_options import mode_options
from ...models.names import TIMEOUT
from ..shared_options import BaseUrl, MaxAttempts, MaxTokens, Mode, Prompts, Samples, Student, Teacher, Timeout


def mcp(
    student: Student,
    teacher: Teacher = "self",
    http: Annotated[bool, typer.Option("--http", help="Serve HTTP instead of stdio.")] = False,
    host: Annotated[
        str, typer.Option(help="Address to listen on with --http; any address but loopback needs --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on with --http; 0 picks a free one.")] = 8766,
    token: Annotated[str, typer.Option(envvar="TOT_MCP_TOKEN", help="Bearer token that HTTP clients must send.")] = "",
    prompts: Prompts = "default",
    mode: Mode = "joint",
    samples: Samples = 1,
    max_attempts: MaxAttempts = 1,
    max_tokens: MaxTokens = None,
    base_url: BaseUrl = None,
    timeout: Timeout = TIMEOUT,
) -> None:
    """Serve the solver to MCP clients.

    Offers the tools solve_problem, decompose_problem and verify_answer over stdio, or over HTTP with --http.
    """
    from ...foundation.loopback import is_loopback

    if http and not token and not is_loopback(host):
        raise typer.BadParameter(f"{host} is reachable from other machines: set --token, or listen on 127.0.0.1")
    try:
        from ...graphs.interfaces.mcp_server import make_server
    except ModuleNotFoundError as error:
        # Another missing package is a bug or a broken installation, not the missing extra.
        if (error.name or "").split(".")[0] != "mcp":
            raise
        raise ImportError(f"tot mcp needs the package mcp: {install('mcp')}") from error
    from ...experiments.design.plan import load_prompt_set
    from ..models import load_models

    with redirect_stdout(sys.stderr):  # on stdio, standard output belongs to the protocol
        prompt_set = load_prompt_set(prompts)
        taught_by, own = load_models(teacher, student, base_url=base_url, timeout=timeout, max_tokens=max_tokens)
        options: dict[str, Any] = {"samples": samples, "max_attempts": max_attempts, **mode_options(mode)}
        server = make_server(taught_by, own, prompts=prompt_set, **options)
    if http:
        _serve_http(server, host, port, token)
    else:
        server.run("stdio")


def _serve_http(server: Any, host: str, port: int, token: str) -> None:
    """Serve MCP over HTTP until Ctrl-C; with a token, only to clients that send it."""
    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    from ...graphs.interfaces.mcp_server import BearerToken
    from ...review.web.connections import limited
    from ...review.web.serving import listen

    # The SDK prints a traceback for each client that hangs up in the middle of a request.
    logging.getLogger("mcp.server.streamable_http").addFilter(_is_no_hang_up)
    listener, address = listen(host, port)
    # Off loopback, the server cannot know under which names clients reach it; the token protects it instead.
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False) if token else None
    app = server.streamable_http_app(host=host, transport_security=security)
    print(f"MCP: {address}/mcp  (stop with Ctrl-C)", flush=True)
    uvicorn.Server(limited(BearerToken(app, token) if token else app)).run(sockets=[listener])


def _is_no_hang_up(record: logging.LogRecord) -> bool:
    from starlette.requests import ClientDisconnect

    return not (record.exc_info and isinstance(record.exc_info[1], ClientDisconnect))
