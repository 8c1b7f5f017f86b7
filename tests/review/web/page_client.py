"""A client of the review page that posts as a browser does."""

import html
import re

from fastapi.testclient import TestClient

URL = "http://127.0.0.1:8765"
ORIGIN = {"origin": URL, "host": "127.0.0.1:8765"}
FIELD = re.compile(
    r'<(?:input type="hidden"|textarea[^>]*?) name="(\w+)"(?: value="([^"]*)">|[^>]*>\n(.*?)</textarea>)', re.DOTALL
)


def form_of(page):
    """Return the fields of an item's form, as a browser sends them."""
    fields = {}
    for name, value, text in FIELD.findall(page[page.index('id="item"') : page.index("<footer>")]):
        fields.setdefault(name, []).append(html.unescape(value or text))
    return fields


def token_of(page):
    """Return the token that a page puts into its forms."""
    return re.search(r'name="page_token" value="(\w+)"', page)[1]


class PageClient(TestClient):
    """A visitor of the page; redirects are answers, not followed."""

    def __init__(self, app, base_url=URL, **options):
        super().__init__(app, base_url=base_url, follow_redirects=False, **options)

    def token(self, path="/"):
        """Return the token in the forms at an address."""
        return token_of(self.get(path).text)

    def submit(self, path, headers=ORIGIN, **fields):
        """Post a form from the page's own origin."""
        return self.post(path, data=fields, headers=headers)

    def form(self, path):
        """Return the fields of an item's form at an address, as a browser sends them."""
        return form_of(self.get(path).text)
