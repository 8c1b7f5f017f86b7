"""Loading the student, and what it says when it cannot."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("torch")

INT8_BY_TORCHAO = {"_type": "Int8WeightOnlyConfig", "_version": 2, "_data": {}}


def load(model_id, **options):
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

    return BatchedChatHuggingFace.from_model_id(str(model_id), **options)


def test_a_folder_loads_in_the_dtype_that_is_asked_for(tiny_folder):
    import torch

    assert load(tiny_folder, device="cpu", engine="continuous").llm.pipeline.model.dtype == torch.float32
    half = load(tiny_folder, device="cpu", dtype="bfloat16", engine="continuous")
    assert half.llm.pipeline.model.dtype == torch.bfloat16
    assert {"dtype": "bfloat16", "device": "cpu", "engine": "continuous"}.items() <= half.facts.items()


@pytest.mark.parametrize("engine", ["openvino", "continuous"])
def test_half_precision_answers(load_tiny, engine):
    student = load_tiny(engine=engine, dtype="bfloat16", max_tokens=4)
    assert {"dtype": "bfloat16", "engine": engine}.items() <= student.facts.items()
    assert student.invoke("hello").usage_metadata["output_tokens"] <= 4


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache folder that begins empty."""
    monkeypatch.setenv("TRACE_OF_THOUGHT_CACHE", str(tmp_path))
    return tmp_path


def test_a_folder_is_converted_for_openvino_once_and_8_bits_are_another_model(own_cache, tiny_folder, plain):
    for weights in (None, "int8"):
        for _ in range(2):
            student = load(tiny_folder, device="cpu", max_tokens=24, weights=weights)
            assert student.facts["engine"] == "openvino"
            assert student.facts["weights"] == (weights or "float16")
            assert weights or student.invoke("hello").content == plain("hello")
            student.close()
    folders = [path for path in (own_cache / "openvino").iterdir() if path.is_dir()]
    assert len(folders) == 2
    exported = load(folders[0], max_tokens=4)
    assert exported.facts["weights"] == "as exported"
    exported.close()


def test_a_model_that_openvino_reads_wrongly_is_not_served_by_it(own_cache, tiny_folder, monkeypatch, caplog):
    from trace_of_thought.models.weights import openvino_folder

    read = openvino_folder._read
    monkeypatch.setattr(openvino_folder, "_read", lambda *given: [text[::-1] for text in read(*given)])
    student = load(tiny_folder, device="cpu", max_tokens=4)
    assert student.facts["engine"] == "continuous"
    assert "not served by OpenVINO" in caplog.text
    assert "first texts are not this model's" in caplog.text
    monkeypatch.setattr(openvino_folder, "_read", lambda *given: pytest.fail("it was read again"))
    with pytest.raises(ValueError, match="first texts are not"):
        load(tiny_folder, device="cpu", engine="openvino")


def test_a_model_of_another_kind_is_served_by_transformers_with_one_line_that_says_so(own_cache, tiny_folder, caplog, tmp_path):
    import json
    import shutil

    other = tmp_path / "other"
    shutil.copytree(tiny_folder, other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "attention_bias": True}))
    student = load(other, device="cpu", max_tokens=4)
    assert student.facts["engine"] == "continuous"
    assert len([line for line in caplog.messages if "not served by OpenVINO" in line and "biases" in line]) == 1
    with pytest.raises(ValueError, match="biases"):
        load(other, device="cpu", weights="int8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "openvino", "dtype": "float16"}, "dtype: options of transformers"),
        ({"weights": "int8", "engine": "continuous"}, "weights='int8' is for OpenVINO"),
        ({"weights": "int3"}, "int3"),
    ],
)
def test_options_that_do_not_go_together_are_refused(tiny_folder, options, message):
    with pytest.raises(ValueError, match=message):
        load(tiny_folder, device="cpu", **options)


@pytest.mark.parametrize(
    ("package", "config"),
    [
        ("optimum.quanto", {"quant_method": "quanto", "weights": "int8"}),
        ("bitsandbytes", {"quant_method": "bitsandbytes", "load_in_8bit": True}),
        ("torchao", {"quant_method": "torchao", "quant_type": {"default": INT8_BY_TORCHAO}}),
    ],
)
def test_a_quantization_config_rounds_the_weights(tiny_folder, package, config):
    import torch

    pytest.importorskip(package)
    from trace_of_thought.models import load_chat_model

    student = load_chat_model(f"hf:{tiny_folder}", device="cpu", max_tokens=4, quantization_config=config)
    plain = load(tiny_folder, device="cpu", engine="continuous").llm.pipeline.model
    ids = torch.tensor([[3, 4, 5, 6]])
    with torch.inference_mode():
        rounded, exact = (model(ids).logits.flatten() for model in (student.llm.pipeline.model, plain))
    assert not torch.allclose(rounded, exact, rtol=1e-4, atol=1e-4)
    assert torch.cosine_similarity(rounded, exact, dim=0) > 0.99
    assert student.invoke("hello").usage_metadata["output_tokens"] > 0
    student.close()


@pytest.mark.parametrize(
    ("model_id", "error", "message"),
    [
        ("./no-such-folder", FileNotFoundError, "no such folder"),
        ("{empty}", FileNotFoundError, "no config.json"),
        ("{empty}/broken.gguf", ValueError, "not a GGUF file"),
        ("{empty}/cut.gguf", ValueError, "download it again"),
        ("{empty}/missing.gguf", FileNotFoundError, "no such GGUF file"),
        ("{empty}/weights.bin", ValueError, "only .gguf files"),
    ],
)
def test_a_wrong_place_is_named(tmp_path, model_id, error, message):
    (tmp_path / "broken.gguf").write_bytes(b"<html>404</html>")
    (tmp_path / "weights.bin").write_bytes(b"x")
    (tmp_path / "cut.gguf").write_bytes(b"GGUF\x03\0\0\0" + bytes([1] * 20))
    with pytest.raises(error, match=message):
        load(model_id.format(empty=tmp_path), device="cpu")


def test_a_hub_out_of_reach_is_told_from_a_wrong_name(monkeypatch, tmp_path):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ConnectionError, match="out of reach"):
        load("nobody/nothing-here", device="cpu", cache_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"dtype": "float99"}, "float99"), ({"device": "cuda:7"}, "cuda:7"), ({"backend": "endpoint"}, "endpoint")],
)
def test_wrong_loading_options_are_named(tiny_folder, options, message):
    import torch

    if torch.cuda.is_available() and "device" in options:
        pytest.skip("there is a CUDA device")
    with pytest.raises(ValueError, match=message):
        load(tiny_folder, **options)


def test_a_model_without_chat_template_says_so(load_tiny):
    student = load_tiny()
    student.tokenizer.chat_template = None
    with pytest.raises(ValueError, match="no chat template"):
        student.invoke("hello")


def test_options_that_would_be_ignored_are_refused(tiny_folder):
    with pytest.raises(ValueError, match="presence_penalty"):
        load(tiny_folder, device="cpu", presence_penalty=1.0)


CONVERT = (
    "import sys, torch, pathlib\n"
    "from trace_of_thought.models.weights.gguf_folder import converted\n"
    "print(converted(pathlib.Path(sys.argv[1]), torch.float32))\n"
)


@pytest.mark.slow
def test_a_gguf_file_is_converted_once_when_processes_start_together(gguf_file, tmp_path):
    environment = {**os.environ, "TRACE_OF_THOUGHT_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", CONVERT, str(gguf_file)]
    started = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    folders = {process.communicate(timeout=250)[0].splitlines()[-1] for process in started}
    assert len(folders) == 1
    assert [str(path) for path in (tmp_path / "gguf").iterdir() if path.is_dir()] == list(folders)


@pytest.mark.slow
def test_the_real_student_answers_as_plain_generate(real_student):
    questions = ["What is the capital of France?", "Count from one to five.", "What is 7 times 8?", "Name a colour."]
    alone = [real_student.invoke(question).content for question in questions]
    assert "Paris" in alone[0]
    assert [reply.content for reply in real_student.batch(questions)] == alone


@pytest.mark.gpu
@pytest.mark.parametrize("engine", ["continuous"])
def test_a_cuda_device_serves_calls(tiny_folder, engine):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("needs CUDA")
    student = load(tiny_folder, device="cuda", dtype="float32", engine=engine, max_tokens=8)
    alone = [student.invoke(prompt).content for prompt in ("a", "bb", "ccc")]
    assert [reply.content for reply in student.batch(["a", "bb", "ccc"])] == alone
    assert student.engine == engine
    student.close()
