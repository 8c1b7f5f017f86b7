"""Which web pages may use the LangGraph server: `langgraph.json` names this application, whose middleware sees every request.

`langgraph dev` by itself answers any web site that the user visits, which could spend the teacher's money and read threads.
"""

from __future__ import annotations

import os

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ...foundation.loopback import is_loopback, name_in

STUDIO = "https://smith.langchain.com"
"""Studio, whose page runs in the browser and talks to the server on this machine."""


class OriginGuard:
    """ASGI middleware that refuses requests of other web sites, and names of this machine that others made up.

    Programs send no Origin header and are let in. Pages of this machine, of Studio and of `TOT_ORIGINS` are, too.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request or refuse it."""
        if scope["type"] == "http" and (reason := refusal(Headers(scope=scope), (scope.get("server") or ("",))[0])):
            await PlainTextResponse(reason, 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def refusal(headers: Headers, listening: str) -> str:
    """Return why a request is refused; empty if it is not.

    Args:
        headers: of the request.
        listening: the address of this machine that the request came to.
    """
    more = [origin.strip().rstrip("/") for origin in os.environ.get("TOT_ORIGINS", "").split(",") if origin.strip()]
    origin, host = headers.get("origin"), headers.get("host", "")
    if origin is not None and origin not in (STUDIO, *more) and not is_loopback(name_in(origin)):
        return "this page may not use the server; add its origin to TOT_ORIGINS"
    # DNS rebinding: a site whose name resolves to 127.0.0.1 is its own origin, and sends its own name
    known = {name_in(address) for address in more}
    if is_loopback(listening) and not is_loopback(name_in(f"//{host}")) and name_in(f"//{host}") not in known:
        return "the server is not known by this name; add it to TOT_ORIGINS, as http://NAME"
    return ""


app = Starlette(middleware=[Middleware(OriginGuard)])
