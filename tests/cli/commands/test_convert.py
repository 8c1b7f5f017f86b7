"""`tot convert`: what it says when it cannot, and that nothing half done stays behind."""

import os
import re
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
    print("loading 100 %")
    raise OSError("the weights are cut\\nsecond line")
(out / "openvino_model.xml").write_text("<net/>")
"""


@pytest.fixture
def exporter(tmp_path, monkeypatch):
    """Let a script stand in for the exporter's environment."""
    from trace_of_thought.models.weights import exporter

    monkeypatch.setenv("TRACE_OF_THOUGHT_CACHE", str(tmp_path / "cache"))

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
    logs = list((tmp_path / "cache" / "exporter").glob("*.log"))
    assert len(logs) == fails
    if fails:
        [log] = logs
        said = "error: the exporter failed on './model': OSError: the weights are cut; its whole output is in"
        assert output.splitlines()[-1] == f"{said} {log}"
        assert "Traceback" not in output
        assert "loading 100 %" in log.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hf:./nothing", "out"), "'hf:./nothing': no such file or folder"),
        (("hf:.", "out"), "model folder '.' has no config.json"),
        (("nope", "out"), "model 'hf:nope' is not on the Hugging Face hub; check the name"),
        (("openai:x", "out"), "'openai:x' is no local model; give hf:ID, hf:FOLDER, a hub id or a folder"),
        (("a/b/c", "out"), "a hub id looks like"),
        (("hf:some/model", "."), "exists"),
        (("hf:some/model", "out", "--weights", "int3"), "int3"),
    ],
)
def test_what_cannot_be_converted_is_named_before_any_work(tot, monkeypatch, arguments, message):
    from trace_of_thought.models.weights import exporter

    monkeypatch.setattr("huggingface_hub.file_exists", lambda name, file: False)
    monkeypatch.setattr(exporter, "_environment", lambda tell: pytest.fail("the exporter was installed"))
    code, output = tot("convert", *arguments)
    assert code != 0
    assert message in " ".join(re.sub("[│╭╮╰╯─]", "", output).split())
