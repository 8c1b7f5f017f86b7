"""The troubleshooting page quotes messages that the program really gives."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
ENTRY = re.compile(r"^\*\*(.+?)\*\*<br>$", re.M)
QUOTED = re.compile(r"``\s(.+?)\s``|`([^`]+)`")


def packaged_code():
    rooms = [file for file in ROOT.iterdir() if file.is_dir() and (file / "__init__.py").exists()]
    text = "\n".join(file.read_text() for room in rooms for file in room.rglob("*.py"))
    return re.sub(r"\"\s*\n\s*f?\"", "", text)  # messages that are written over several lines


def quoted():
    """Return the messages in the headings of the page; what is no message there is a command or a status."""
    found = [first or second for entry in ENTRY.findall(PAGE) for first, second in QUOTED.findall(entry)]
    return [text for text in found if text not in ("make test", "error")]


def test_every_quoted_message_is_in_the_code():
    code, messages = packaged_code(), quoted()
    assert len(messages) > 20
    parts = {message: [part.strip() for part in message.split("...")] for message in messages}
    assert [message for message, split in parts.items() if not all(part in code for part in split)] == []


def test_every_entry_has_a_remedy():
    bodies = ENTRY.split(PAGE)[2::2]
    assert len(bodies) > 25
    assert [body for body in bodies if len(body.split("\n\n")[0].split()) < 6] == []
