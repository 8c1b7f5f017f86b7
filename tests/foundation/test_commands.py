"""Commands that messages suggest can be copied into the shell from which the program was started."""

import sys

import pytest

from trace_of_thought.foundation.commands import call, program


@pytest.mark.parametrize(
    ("started", "on_path", "called"),
    [
        (".venv/bin/tot", False, ".venv/bin/tot"),
        (".venv/bin/tot", True, "tot"),
        ("tot", False, "tot"),  # as `python -m` and tests name it
        ("app.py", True, "tot"),
    ],
)
def test_the_program_is_called_as_it_was_started(tmp_path, monkeypatch, started, on_path, called):
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "tot").write_text("#!/bin/sh\n")
    (folder / "tot").chmod(0o755)
    (tmp_path / "app.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [started])
    monkeypatch.setenv("PATH", str(folder) if on_path else "")
    assert program() == called


def test_a_command_can_be_copied_where_paths_and_names_have_spaces(tmp_path, monkeypatch):
    started = tmp_path / "my tools" / "tot"
    started.parent.mkdir()
    started.touch()
    monkeypatch.setattr(sys, "argv", [str(started)])
    monkeypatch.setenv("PATH", "")
    assert program() == f"'{started}'"
    assert call("repair", "my run") == f"'{started}' repair 'my run'"
