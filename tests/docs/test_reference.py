"""The Python reference as built: every public name, no docstring garbled, every example runs."""

import ast
import html
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

TAGS = re.compile(r"<[^>]+>")
EXAMPLE = re.compile(r'<div class="highlight"><pre>(?:<span></span>)?<code>(.*?)</code>', re.S)
SECTIONS = re.compile(r"(Args|Arguments|Returns|Yields|Raises|Example|Examples|Attributes):\s*(?:<|$)", re.M)


def text_of(markup):
    return html.unescape(TAGS.sub("", markup))


@pytest.fixture(scope="module")
def article(site):
    page = (site / "reference" / "index.html").read_text()
    return page[page.index("<article") : page.index("</article>")]


def garbled(article):
    """Return what shows that a docstring was not read: section names, fences or doctest marks as text, broken examples."""
    titles = re.sub(r'<span class="doc-section-title">.*?</span>', "", article)
    titles = re.sub(r"<summary>.*?</summary>", "", titles)
    found = [f"section left as text: {match[0]!r}" for match in SECTIONS.finditer(titles)]
    prose = text_of(re.sub(r"<pre.*?</pre>", "", article, flags=re.S))
    found += [f"left as text: {mark!r}" for mark in ("```", ">>> ", ":param ") if mark in prose]
    for block in EXAMPLE.findall(article):
        try:
            ast.parse(text_of(block))
        except SyntaxError as error:
            found.append(f"example does not parse, line {error.lineno}: {text_of(block)}")
    return found


def test_every_public_name_is_in_the_reference(article):
    import trace_of_thought

    assert [name for name in trace_of_thought.__all__ if f">{name}<" not in article] == []


def test_no_docstring_is_garbled(article):
    assert len(EXAMPLE.findall(article)) >= 5
    assert garbled(article) == []


def test_garbling_would_be_found(article):
    """What the page showed when a docstring held a plain line break: sections as text and a string cut in two."""
    broken = '<p>Args: <code>teacher</code></p><div class="highlight"><pre><code>x = ["1.\n2."]</code></pre></div>'
    assert len(garbled(broken)) == 2


def test_every_entry_begins_with_a_sentence(article):
    contents = re.findall(
        r'<h\d id="([\w.]+)"[^>]*class="doc doc-heading">.*?<div class="doc doc-contents[^"]*">(.*?)</div>', article, re.S
    )
    assert len(contents) > 40
    assert [name for name, body in contents if not re.match(r"\s*(<p class[^>]*>.*?</p>\s*)?<p>\S", body, re.S)] == []


def test_every_example_runs(article, tmp_path):
    for number, block in enumerate(EXAMPLE.findall(article)):
        script = tmp_path / f"example_{number}.py"
        script.write_text(text_of(block))
        done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, text_of(block) + done.stderr[-2000:]
