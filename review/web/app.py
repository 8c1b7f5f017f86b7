"""The page: a queue, one item, the history. Forms work without a script; the script adds keys, drafts and news."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ...nodes.flags import FLAG_KINDS
from ..errors import AlreadyDecided, AlreadyTaken
from ..queue.items import Item
from ..queue.listing import FILTERS
from ..queue.queue import ReviewQueue
from .editing import Edited, change, fits_a_form, place_of, read_form
from .guard import Access, Guard
from .pages import Pages

NAME_COOKIE = "tot_reviewer"
LONGEST_S = 3600.0
"""A page that was open for longer says nothing about the time that a decision took."""


async def _body(request: Request) -> bytes:
    return await request.body()


def _sent(body: Annotated[bytes, Depends(_body)]) -> Edited:
    """Read the form in the thread of the handler, which may wait for the store: the event loop never does."""
    return read_form(body)


Form = Annotated[Edited, Depends(_sent)]


def make_app(queue: ReviewQueue, *, token: str = "", reviewer: str = "") -> FastAPI:
    """Return the page as an ASGI application.

    Args:
        queue: an open queue.
        token: that users must show; needed off loopback.
        reviewer: name for decisions, until a user gives another.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    access = Access(queue.store.secret(), token)
    app.add_middleware(Guard, access=access)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    desk = _Desk(queue, Pages(access.page_token, FLAG_KINDS), reviewer)
    app.get("/")(desk.queue_page)
    app.get("/items/{number}")(desk.item_page)
    app.get("/history")(desk.history_page)
    app.get("/version")(desk.version)
    app.post("/items/{number}")(desk.post_item)
    app.post("/items/{number}/draft")(desk.post_draft)
    app.post("/undo/{number}")(desk.post_undo)
    app.post("/bulk")(desk.post_bulk)
    app.post("/reviewer")(desk.post_reviewer)
    app.exception_handler(HTTPException)(desk.not_found)
    app.exception_handler(RequestValidationError)(desk.not_found)
    return app


class _Desk:
    """The answers to requests."""

    def __init__(self, queue: ReviewQueue, pages: Pages, reviewer: str) -> None:
        self.queue = queue
        self.pages = pages
        self.reviewer = reviewer

    def queue_page(self, request: Request) -> Response:
        """List what waits."""
        self.queue.refresh()
        filters = _filters(request.query_params)
        waiting = self.queue.pending(**filters)
        return self._show(
            request,
            "queue",
            waiting=waiting,
            unflagged=[item.number for item in waiting if not item.kinds],
            choices=self.queue.choices(),
        )

    def item_page(self, request: Request, number: int) -> Response:
        """Show one item, with the edit that was begun."""
        self.queue.refresh()
        item = self._item(number)
        draft = self.queue.drafts.get(item)
        return self._show(
            request,
            "item",
            item=item,
            draft=draft,
            fits=fits_a_form(item),
            steps=draft.steps if draft else item.given_steps,
            comment=draft.comment if draft else "",
            opened=request.query_params.get("opened") or f"{time.time():.0f}",
            focus=place_of(request.query_params.get("focus", "")),
            after=self._next(item, _filters(request.query_params)),
        )

    def history_page(self, request: Request) -> Response:
        """Show who decided what and when."""
        return self._show(request, "history", events=self.queue.history())

    def version(self) -> Response:
        """Return a text that changes with the queue."""
        self.queue.refresh()
        return PlainTextResponse(self.queue.version())

    def post_item(self, request: Request, number: int, form: Form) -> Response:
        """Take a decision, or a change of the list of steps."""
        filters = _filters(form.fields)
        item = self._item(number)
        operation = form.fields.get("op", "")
        if operation not in ("approve", "reject"):
            steps, focus = change(form.steps_of(item), operation, item.steps)
            if operation == "reset":
                self.queue.drafts.drop(item)
            else:
                self.queue.drafts.save(item, steps, form.fields.get("comment", ""))
            kept = {**filters, "focus": str(focus), "opened": form.fields.get("opened", "")}
            return RedirectResponse(f"/items/{number}?{urlencode(kept)}", 303)
        after = self._next(item, filters)
        try:
            spent = _seconds(form.fields)
            decided = self.queue.decide(number, form.answer_to(item), reviewer=self._name(request), seconds=spent)
        except (AlreadyDecided, ValueError) as error:
            status = 409 if isinstance(error, AlreadyDecided) else 400
            return self._show(request, "message", text=str(error), back=f"/items/{number}", status=status)
        return RedirectResponse(_address(after, filters, decided), 303)

    def post_draft(self, number: int, form: Form) -> Response:
        """Keep an edit as it is typed; says when, which the page compares with what the browser has."""
        item = self._item(number)
        if item.state != "waiting":
            return PlainTextResponse("")
        return PlainTextResponse(str(self.queue.drafts.save(item, form.steps_of(item), form.fields.get("comment", ""))))

    def post_undo(self, request: Request, number: int) -> Response:
        """Take a decision back and show its item."""
        self._item(number)
        try:
            self.queue.undo(number, reviewer=self._name(request))
        except (AlreadyTaken, LookupError) as error:
            return self._show(request, "message", text=str(error), back="/", status=409)
        return RedirectResponse(f"/items/{number}?undone=1", 303)

    def post_bulk(self, request: Request, form: Form) -> Response:
        """Approve what the page showed without flags and still waits."""
        filters, shown = _filters(form.fields), set(form.fields.get("shown", "").split())
        done = 0
        for item in self.queue.pending(**filters):
            if not item.kinds and str(item.number) in shown:
                try:
                    self.queue.decide(item.number, "approve", reviewer=self._name(request))
                    done += 1
                except AlreadyDecided:
                    continue
        return RedirectResponse(f"/?{urlencode({**filters, 'approved': str(done)})}", 303)

    def post_reviewer(self, form: Form) -> Response:
        """Remember who decides here."""
        back = form.fields.get("back", "/")
        response = RedirectResponse(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/", 303)
        name = quote(form.fields.get("name", "").strip()[:80])
        response.set_cookie(NAME_COOKIE, name, max_age=31_536_000, httponly=True, samesite="strict")
        return response

    def not_found(self, request: Request, error: Exception) -> Response:
        """Say in the page's own words that an address leads nowhere."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        text = error.detail if isinstance(error, HTTPException) else f"there is nothing at {request.url.path}"
        return self._show(request, "message", text=text, back="", status=status)

    def _show(self, request: Request, page: str, *, status: int = 200, **values: Any) -> Response:
        filters = _filters(request.query_params)
        told = request.query_params.get("decided", "")
        last = self.queue.last_decision()
        shown = {
            "filters": filters,
            "query": urlencode(filters),
            "counts": self.queue.counts(**filters),
            "reviewer": self._name(request),
            "decided": self._told(told),
            "undone": "undone" in request.query_params,
            "approved": request.query_params.get("approved", "") if page == "queue" else "",
            "last": last,
            "version": self.queue.version(),
            "path": request.url.path,
        }
        return self.pages.render(page, status, {**shown, **values})

    def _name(self, request: Request) -> str:
        from urllib.parse import unquote

        return unquote(request.cookies.get(NAME_COOKIE, "")) or self.reviewer

    def _item(self, number: int) -> Item:
        try:
            return self.queue.item(number)
        except (LookupError, OverflowError) as error:
            raise HTTPException(404, f"there is no review {number}") from error

    def _told(self, number: str) -> Item | None:
        """Return the item that an address says was decided, if there is one."""
        try:
            return self.queue.item(int(number))
        except (LookupError, OverflowError, ValueError):
            return None

    def _next(self, item: Item, filters: Mapping[str, str]) -> Item | None:
        waiting = [other for other in self.queue.pending(**filters) if other.subject != item.subject]
        return next((other for other in waiting if other.number > item.number), waiting[0] if waiting else None)


def _filters(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values[name] for name in (*FILTERS, "flag") if values.get(name)}


def _seconds(fields: Mapping[str, str]) -> float | None:
    try:
        spent = time.time() - float(fields.get("opened", ""))
    except ValueError:
        return None
    return spent if 0 <= spent <= LONGEST_S else None


def _address(after: Item | None, filters: Mapping[str, str], decided: Item) -> str:
    path = f"/items/{after.number}" if after else "/"
    return f"{path}?{urlencode({**filters, 'decided': str(decided.number)})}"
