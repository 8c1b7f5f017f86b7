"""Folders of models that try to run code when they are loaded."""

import io
import json
import pickle

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from trace_of_thought.models.weights.openvino_model import load_openvino  # noqa: E402
from trace_of_thought.models.weights.transformers_model import load  # noqa: E402


class Exploit:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


def test_a_pickle_runs_nothing(folder, tmp_path):
    transformers.LlamaConfig(
        vocab_size=8, hidden_size=4, intermediate_size=4, num_hidden_layers=1, num_attention_heads=1
    ).save_pretrained(folder)
    torch.save({"model.embed_tokens.weight": Exploit(tmp_path / "ran")}, folder / "pytorch_model.bin", pickle_module=pickle)
    with pytest.raises(Exception, match=r"(?i)weights.only|unsupported|tokenizer"):
        transformers.AutoModelForCausalLM.from_pretrained(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("load", [load, load_openvino])
def test_code_in_a_folder_is_not_run_and_not_offered(load, folder, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))  # what else is piped into a command must not be the answer
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: ...\n")
    auto = dict.fromkeys(["AutoConfig", "AutoModelForCausalLM", "AutoTokenizer"], "evil.Evil")
    (folder / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": auto}))
    with pytest.raises(Exception, match=r"\w"):
        load(str(folder))
    assert not (tmp_path / "ran").exists()
    assert "run the custom code" not in capfd.readouterr().out
