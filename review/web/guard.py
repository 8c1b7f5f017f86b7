"""Access control of the page: host, origin, page token and, off loopback, the access token. Start at `Guard`."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...foundation.loopback import is_loopback, name_in

COOKIE = "tot_review"
MAX_BODY = 4_000_000
"""Maximum bytes of a POST request."""

# Sent to browsers with every response: nothing is loaded from elsewhere, framed by other sites, or cached.
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Access:
    """The secrets that requests are checked against.

    Attributes:
        secret: the store's secret. The page token is derived from it, so open pages survive a restart of the server.
        token: the access token off loopback; empty on loopback.
    """

    secret: str
    token: str = ""

    @property
    def page_token(self) -> str:
        """The token in a hidden field of every form, which other sites cannot know."""
        return self.sign("page")

    @property
    def cookie(self) -> str:
        """The cookie value of a browser that has shown the access token."""
        return self.sign(f"access {self.token}")

    def sign(self, text: str) -> str:
        """Return a keyed digest of a text that only servers of this store can compute."""
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class Guard:
    """ASGI middleware that refuses requests from other sites and adds security headers."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Wrap an application."""
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope))
        if refusal is not None:
            await refusal(scope, receive, _fenced(send))
            return
        if scope["method"] == "POST":
            try:
                body = await _body(receive)
            except ClientDisconnect:
                return  # half a form must not become a decision: its last steps would be missing
            if body is None:
                told = f"this is too long: a form may have {MAX_BODY:,} bytes"
                await PlainTextResponse(told, 413)(scope, receive, _fenced(send))
                return
            # The form is read here, before the application: no handler sees a request without the page token.
            given = re.search(rb"(?:^|&)page_token=([^&]*)", body)
            # compare_digest takes the same time wherever the texts differ, so no token can be guessed by timing.
            if not given or not hmac.compare_digest(given[1], self.access.page_token.encode()):
                await PlainTextResponse("this page is not ours or too old: reload it", 403)(scope, receive, _fenced(send))
                return
            # The body can be received only once, so the application gets a copy.
            receive = _replay(body)
        await self.app(scope, receive, _fenced(send))

    def _refusal(self, request: Request) -> Response | None:
        """Return why a request is refused, or None."""
        # The host check stops DNS rebinding: a site whose name resolves to 127.0.0.1 would send its own name.
        host = request.headers.get("host", "")
        name = name_in(f"//{host}")
        # With an access token, the host may be any name: other sites do not have the cookie.
        if not self.access.token and not is_loopback(name):
            return PlainTextResponse(f"this page is not served as {name!r}; open the address that the program printed", 421)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("not allowed", 405)
        if request.method == "POST" and not _same_origin(request.headers, host):
            return PlainTextResponse("posts are taken from this page only", 403)
        return self._ask_for_token(request) if self.access.token else None

    def _ask_for_token(self, request: Request) -> Response | None:
        """Check the access token: from the URL once, which sets a cookie, then from the cookie."""
        given = request.query_params.get("token")
        if given is not None and hmac.compare_digest(given.encode(), self.access.token.encode()):
            kept = urlencode([(name, value) for name, value in request.query_params.multi_items() if name != "token"])
            path = re.sub("^[/\\\\]+", "/", request.url.path)  # "//evil.example" would lead to another site
            response = RedirectResponse(path + (f"?{kept}" if kept else ""), 303)
            response.set_cookie(COOKIE, self.access.cookie, httponly=True, samesite="strict")
            return response
        if hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self.access.cookie.encode()):
            return None
        return PlainTextResponse("open this page with ?token=... as the program printed it", 401)


def _same_origin(headers: Headers, host: str) -> bool:
    """Return whether a POST comes from this page. Browsers send Origin with every POST; other clients are refused."""
    origin = headers.get("origin", "")
    return origin in (f"http://{host}", f"https://{host}") and host != ""


async def _body(receive: Receive) -> bytes | None:
    """Read the body of a request; None if it is too long.

    Raises:
        ClientDisconnect: the client left before the end.
    """
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body"):
            return body


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _fenced(send: Send) -> Send:
    async def fenced(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in _HEADERS.items())]
        await send(message)

    return fenced
