"""Handle submitted forms: decisions, edits, undo, and several items at once. What a reviewer typed is never lost."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.requests import Request
from starlette.responses import Response

from ..errors import AlreadyDecided, AlreadyTaken
from ..queue.items import Item
from ..queue.together import decide_together
from .addresses import address, after_decision, filters_of, seconds_since, way_back
from .editing import Edited, change, read_form
from .page_requests import NAME_COOKIE, Reader


async def _body(request: Request) -> bytes:
    return await request.body()


def _sent(body: Annotated[bytes, Depends(_body)]) -> Edited:
    """Parse the form. FastAPI runs plain functions, as the handlers are, in threads, where they may wait for the store."""
    return read_form(body)


Form = Annotated[Edited, Depends(_sent)]


class Decider(Reader):
    """Handlers of submitted forms."""

    def post_item(self, request: Request, number: int, form: Form) -> Response:
        """Store a decision, or apply a button that changes the list of steps."""
        filters = filters_of(form.fields)
        item = self.item(number)
        operation = form.fields.get("op", "")
        if operation not in ("approve", "reject"):
            return self._change(request, item, form, operation)
        # The next item is found before the decision, which removes this one from the queue.
        after = self.next(item, filters)
        spent = seconds_since(form.fields.get("opened", ""))
        # A rejection sends only the comment; edited steps stay as a draft.
        if operation == "reject":
            self._keep(request, item, form)
        try:
            decided = self.queue.decide(number, form.answer_to(item), reviewer=self.name(request), seconds=spent)
        except (AlreadyDecided, ValueError) as error:
            self._keep(request, item, form)
            status = 409 if isinstance(error, AlreadyDecided) else 400
            return self.show_item(request, self.item(number), filters, status=status, problem=str(error))
        # 303: the browser opens the next page with GET, and reloading it does not send the form again.
        return RedirectResponse(after_decision(after, filters, decided), 303)

    def _change(self, request: Request, item: Item, form: Edited, operation: str) -> Response:
        steps, focus = change(form.steps_of(item), operation, item.steps)
        if operation == "reset":
            self.queue.drafts.drop(item, self.name(request))
        else:
            self.queue.drafts.save(item, steps, form.fields.get("comment", ""), self.name(request))
        told = {"opened": form.fields.get("opened", ""), "focus": "" if operation == "compare" else focus}
        place = "#changes" if operation == "compare" else ""
        return RedirectResponse(address(f"/items/{item.number}", filters_of(form.fields), **told) + place, 303)

    def _keep(self, request: Request, item: Item, form: Edited) -> float:
        return self.queue.drafts.save(item, form.steps_of(item), form.fields.get("comment", ""), self.name(request))

    def post_draft(self, request: Request, number: int, form: Form) -> Response:
        """Store an unfinished edit; return its time, which the page compares with the copy in the browser."""
        return PlainTextResponse(str(self._keep(request, self.item(number), form)))

    def post_undo(self, request: Request, number: int, form: Form) -> Response:
        """Undo a decision and show its item with what was typed there."""
        self.item(number)  # 404 if there is none
        try:
            self.queue.undo(number, reviewer=self.name(request))
        except (AlreadyTaken, LookupError) as error:
            return self.show(request, "message", text=str(error), back=f"/items/{number}", status=409)
        return RedirectResponse(address(f"/items/{number}", filters_of(form.fields), undone=1), 303)

    def post_together(self, request: Request, form: Form) -> Response:
        """Decide the selected items, or approve all shown items without flags; items that no longer wait are skipped."""
        filters, operation = filters_of(form.fields), form.fields.get("op", "")
        rest = operation == "rest"
        # "rest" approves only what was on the page when the reviewer pressed the button, not what arrived since.
        numbers = {int(part) for part in form.fields.get("shown", "").split() if part.isdecimal()} if rest else form.picked
        try:
            done = decide_together(
                self.queue,
                numbers,
                "reject" if operation == "reject" else "approve",
                comment="" if rest else form.comment,
                reviewer=self.name(request),
                unflagged=rest,
                **filters,
            )
        except ValueError as error:
            return self.show_queue(request, filters, status=400, problem=str(error), comment=form.comment, picked=form.picked)
        told = {"rejected" if operation == "reject" else "approved": len(done.decided)}
        return RedirectResponse(address("/", filters, **told, left=" ".join(str(item.number) for item in done.left)), 303)

    def post_reviewer(self, form: Form) -> Response:
        """Store the reviewer's name in a cookie."""
        response = RedirectResponse(way_back(form.fields.get("back", "/")), 303)
        name = quote(form.fields.get("name", "").strip()[:80])
        response.set_cookie(NAME_COOKIE, name, max_age=31_536_000, httponly=True, samesite="strict")  # a year
        return response
