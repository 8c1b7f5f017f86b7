"""The page of commands, options and environment variables: made from the code, complete, and in sentences."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from trace_of_thought.cli.app import app

ROOT = Path(__file__).parents[2]
WRITER = ROOT / "docs" / "write_commands.py"
PAGE = ROOT / "docs" / "commands.md"
NOT_PACKAGED = {"tests", "docs", "examples", "benchmarks", "build", "dist", "site"}


def walk(command, context, name="tot"):
    """Yield every command by its full name, groups and their commands alike."""
    yield name, command
    if hasattr(command, "list_commands"):
        for own in command.list_commands(context):
            found = command.get_command(context, own)
            yield from walk(found, context, f"{name} {own}")


def all_commands():
    root = get_command(app)
    return list(walk(root, root.context_class(root, info_name="tot")))


def section(text, name):
    """Return what the page says of one command, without its sub-commands."""
    start = re.search(rf"^#+ `{re.escape(name)}`$", text, re.M)
    assert start, f"no heading for {name}"
    rest = text[start.end() :]
    end = re.search(r"^#+ ", rest, re.M)
    return rest[: end.start()] if end else rest


def test_the_page_is_that_of_the_code():
    written = subprocess.run([sys.executable, WRITER], capture_output=True, text=True, check=True).stdout
    assert written == PAGE.read_text(), "run: make docs"


def test_every_command_and_option_is_on_the_page():
    text, found = PAGE.read_text(), all_commands()
    assert {"tot run", "tot review export", "tot decompositions export"} <= {name for name, _ in found}
    for name, command in found:
        said = section(text, name)
        for parameter in command.params:
            words = [*parameter.opts, *parameter.secondary_opts]
            shown = words if words[0].startswith("-") else [f"`{parameter.metavar or words[0]}"]
            assert not [word for word in shown if word not in said], f"{name}: {words}"


def test_every_variable_in_the_code_is_on_the_page():
    packaged = [file for file in ROOT.iterdir() if file.is_dir() and (file / "__init__.py").exists()]
    rooms = [room for room in packaged if room.name not in NOT_PACKAGED]
    code = "\n".join(file.read_text() for room in rooms for file in room.rglob("*.py"))
    variables = set(re.findall(r"\bTOT_[A-Z_]+\b", code))
    declared = {parameter.envvar for _, command in all_commands() for parameter in command.params if parameter.envvar}
    assert declared
    assert declared <= variables
    text = PAGE.read_text()
    assert len(variables) > 5
    assert [name for name in variables if f"| `{name}` |" not in text] == []


def test_a_variable_that_nobody_described_stops_the_writer(tmp_path, monkeypatch):
    writer = runpy.run_path(str(WRITER))
    monkeypatch.setitem(writer["VARIABLES"], "TOT_GHOST", "Not in the code.")
    with pytest.raises(SystemExit, match="TOT_GHOST"):
        writer["page"]()


@pytest.mark.parametrize("name", [name for name, _ in all_commands()])
def test_help_is_made_of_sentences(name):
    command = dict(all_commands())[name]
    texts = {parameter.name: getattr(parameter, "help", None) or "" for parameter in command.params}
    texts["the command"] = command.help or ""
    assert [key for key, text in texts.items() if not re.fullmatch(r"[A-Z].*\.", text.strip(), re.S)] == []


def test_the_list_of_commands_is_not_cut():
    listed = re.findall(r"^\* `[a-z-]+`: (.*)$", PAGE.read_text(), re.M)
    assert len(listed) > 15
    assert [text for text in listed if not re.search(r"[^.]\.$", text)] == []
