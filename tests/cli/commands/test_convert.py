"""`tot convert`: what it says when it cannot, and that nothing half done stays behind."""

import os
import stat
import sys

import pytest

pytest.importorskip("torch")

EXPORTER = """#!{python}
import pathlib, sys
out = pathlib.Path(sys.argv[-1])
assert sys.argv[sys.argv.index("--weight-format") + 1] == "int4", sys.argv
(out / "openvino_model.bin").write_text("half")
if {fails}:
    sys.exit(3)
(out / "openvino_model.xml").write_text("<net/>")
"""


@pytest.fixture
def exporter(tmp_path, monkeypatch):
    """Let a script stand in for the exporter's environment."""
    from trace_of_thought.models.weights import exporter

    def make(fails):
        script = tmp_path / "exporter.py"
        script.write_text(EXPORTER.format(python=sys.executable, fails=fails))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(exporter, "_environment", lambda tell: str(script))

    return make


@pytest.mark.skipif(os.name == "nt", reason="runs a script by its first line")
@pytest.mark.parametrize("fails", [True, False])
def test_a_model_is_written_whole_or_not_at_all(tot, exporter, tmp_path, fails):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    exporter(fails)
    code, output = tot("convert", "hf:./model", "out", "--weights", "int4")
    assert (code != 0) == fails, output
    assert (tmp_path / "out" / "openvino_model.xml").exists() != fails
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]
    assert ("--student hf:out" in output) != fails


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hf:./nothing", "out"), "no config.json"),
        (("hf:some/model", "."), "exists"),
        (("hf:some/model", "out", "--weights", "int3"), "int3"),
    ],
)
def test_what_cannot_be_converted_is_named(tot, arguments, message):
    code, output = tot("convert", *arguments)
    assert code != 0
    assert message in output
