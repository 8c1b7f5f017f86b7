"""Handle requests for pages: the queue, an item, the history, and changes since a page was opened."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode

from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ...foundation.visible import first_line
from ...tracking import paused_trace
from ..queue.decisions import already_decided
from ..queue.items import Item
from ..queue.queue import ReviewQueue
from .addresses import address, filters_of
from .editing import fits_a_form, place_of
from .pages import Pages

NAME_COOKIE = "tot_reviewer"

NO_STORE = "The review store cannot be used now. Go back, where your text is still in the form, and send it again later."

logger = logging.getLogger(__name__)


class Reader:
    """Handlers of requests that change nothing."""

    def __init__(self, queue: ReviewQueue, pages: Pages, reviewer: str) -> None:
        """Create the handlers.

        Args:
            queue: an open queue.
            pages: the templates.
            reviewer: name stored with decisions until a visitor enters another.
        """
        self.queue = queue
        self.pages = pages
        self.reviewer = reviewer

    def queue_page(self, request: Request) -> Response:
        """Show the waiting items."""
        self.queue.refresh()
        return self.show_queue(request, filters_of(request.query_params))

    def show_queue(self, request: Request, filters: Mapping[str, str], *, status: int = 200, **values: Any) -> Response:
        """Return the page of the queue; `values` are the contents of a form that was not accepted."""
        waiting = self.queue.pending(**filters)
        begun = self.queue.drafts.subjects()
        # What one button may approve: no flags, nothing that must be opened, and no unfinished edit.
        plain = [item.number for item in waiting if not item.kinds and not item.must_be_opened and item.subject not in begun]
        shown = {"waiting": waiting, "begun": begun, "unflagged": plain, "choices": self.queue.choices(), "filters": filters}
        return self.show(request, "queue", status=status, **{"problem": "", "comment": "", "picked": set(), **shown, **values})

    def item_page(self, request: Request, number: int) -> Response:
        """Show an item with its unsubmitted edit."""
        self.queue.refresh()
        return self.show_item(request, self.item(number), filters_of(request.query_params))

    def show_item(
        self, request: Request, item: Item, filters: Mapping[str, str], *, status: int = 200, problem: str = ""
    ) -> Response:
        """Return the page of an item; `problem` says why the submitted form was not accepted."""
        draft = self.queue.drafts.get(item, self.name(request))
        # The page offers an edit that came too late, so that what was typed is not lost.
        unused = draft if item.state != "waiting" and draft and draft.steps != item.given_steps else None
        draft = draft if item.state == "waiting" else None
        return self.show(
            request,
            "item",
            status=status,
            item=item,
            earlier=self.queue.earlier(item),
            trace=_trace(item),
            draft=draft,
            unused=unused,
            problem=problem,
            fits=fits_a_form(item),
            steps=draft.steps if draft else item.given_steps,
            comment=draft.comment if draft else "",
            # Kept over buttons that reload the page: the time of a decision counts from the first view.
            opened=request.query_params.get("opened") or f"{time.time():.0f}",
            focus=place_of(request.query_params.get("focus", "")),
            after=self.next(item, filters),
            filters=filters,
        )

    def find(self, thread: str) -> Response:
        """Go to the review of a thread, as traces link to it."""
        self.queue.refresh()
        item = self.queue.of_thread(thread)
        if item is None:
            raise HTTPException(404, "no review in this store belongs to that trace")
        return RedirectResponse(f"/items/{item.number}", 303)

    def history_page(self, request: Request) -> Response:
        """Show who decided what and when."""
        return self.show(request, "history", events=self.queue.history())

    def version(self, request: Request) -> Response:
        """Return the queue's version, which open pages poll, and who decided the open item in the meantime."""
        self.queue.refresh()
        item = self._told(request.query_params.get("item", ""))
        told = already_decided(item) if item and item.state != "waiting" else ""
        return JSONResponse({"version": self.queue.version(), "decided": told})

    def not_found(self, request: Request, error: Exception) -> Response:
        """Show the page for an unknown URL."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        text = error.detail if isinstance(error, HTTPException) else f"there is nothing at {request.url.path}"
        return self.show(request, "message", text=text, back="", status=status)

    def no_store(self, request: Request, error: Exception) -> Response:
        """Say that the store is away. The visitor needs no details; whoever runs the server reads them in its terminal."""
        logger.warning("%s", first_line(error))
        return PlainTextResponse(NO_STORE, 503, {"retry-after": "5"})

    def show(self, request: Request, page: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page with the values that all pages need."""
        asked = request.query_params
        filters = values.get("filters") or filters_of(asked)
        queued = page == "queue"
        shown = {
            "filters": filters,
            "query": urlencode(filters),
            "counts": self.queue.counts(**filters),
            "reviewer": self.name(request),
            "decided": self._told(asked.get("decided", "")),
            "undone": "undone" in asked,
            "approved": asked.get("approved", "") if queued else "",
            "rejected": asked.get("rejected", "") if queued else "",
            # At most 50, since the number comes from a URL.
            "left": [item for number in asked.get("left", "").split()[:50] if (item := self._told(number))] if queued else [],
            "last": self.queue.last_decision(),
            "version": self.queue.version(),
            "path": address(request.url.path, filters),
        }
        return self.pages.render(page, status, {**shown, **values})

    def name(self, request: Request) -> str:
        """Return the reviewer's name from the cookie, or the default."""
        return unquote(request.cookies.get(NAME_COOKIE, "")) or self.reviewer

    def item(self, number: int) -> Item:
        """Return an item; respond with 404 if there is none."""
        try:
            return self.queue.item(number)
        except (LookupError, OverflowError) as error:  # OverflowError: the number is too large for the database
            raise HTTPException(404, f"there is no review {number}") from error

    def next(self, item: Item, filters: Mapping[str, str]) -> Item | None:
        """Return the next waiting item, starting over after the last one."""
        waiting = [other for other in self.queue.pending(**filters) if other.subject != item.subject]
        return next((other for other in waiting if other.number > item.number), waiting[0] if waiting else None)

    def _told(self, number: str) -> Item | None:
        """Return the item named in a URL, if there is one."""
        try:
            return self.queue.item(int(number))
        except (LookupError, OverflowError, ValueError):
            return None


def _trace(item: Item) -> dict[str, Any] | None:
    """Return the trace of an item's run, with its address only if a browser can open it."""
    found = paused_trace(item.thread_id)
    # The address becomes a link: other schemes, such as javascript: or a file of the store, must not.
    if found and not str(found["page"] or "").startswith(("http://", "https://")):
        found["page"] = None
    return found
