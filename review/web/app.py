"""The review page: queue, item, history. It works without JavaScript, which adds keys, drafts and updates."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import TimeoutError
from starlette.exceptions import HTTPException

from ...nodes.flags import FLAG_KINDS
from ..errors import StoreError
from ..queue.queue import ReviewQueue
from .deciding import Decider
from .guard import Access, Guard
from .pages import Pages


def make_app(queue: ReviewQueue, *, token: str = "", reviewer: str = "") -> FastAPI:
    """Return the page as an ASGI application.

    Args:
        queue: an open queue.
        token: access token that visitors must enter; required off loopback.
        reviewer: name stored with decisions until a visitor enters another.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)  # FastAPI's own pages load scripts from elsewhere
    access = Access(queue.store.secret(), token)
    app.add_middleware(Guard, access=access)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    desk = Decider(queue, Pages(access.page_token, FLAG_KINDS), reviewer)
    app.get("/")(desk.queue_page)
    app.get("/items/{number}")(desk.item_page)
    app.get("/find")(desk.find)
    app.get("/history")(desk.history_page)
    app.get("/version")(desk.version)
    app.post("/items/{number}")(desk.post_item)
    app.post("/items/{number}/draft")(desk.post_draft)
    app.post("/undo/{number}")(desk.post_undo)
    app.post("/together")(desk.post_together)
    app.post("/reviewer")(desk.post_reviewer)
    app.exception_handler(HTTPException)(desk.not_found)
    app.exception_handler(RequestValidationError)(desk.not_found)
    app.exception_handler(StoreError)(desk.no_store)
    app.exception_handler(TimeoutError)(desk.no_store)  # all connections wait for a store that does not answer
    return app
