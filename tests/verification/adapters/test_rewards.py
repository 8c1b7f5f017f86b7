import asyncio
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from types import SimpleNamespace

import pytest

from trace_of_thought.verification import choice
from trace_of_thought.verification.adapters import rewards
from trace_of_thought.verification.adapters.rewards import compute_score, reward_func


def test_a_reward_for_each_completion_and_none_where_nothing_is_known():
    answers = ["18", "18", "18", "\\frac{"]
    assert reward_func(["Answer: 18", "Answer: 19", "I don't know.", "Answer: x^2"], answer=answers) == [1.0, 0.0, 0.0, None]


def test_conversations_and_questions_of_trl():
    prompts = [[{"role": "user", "content": "Which is prime? (A) 21 (B) 23"}]]
    completion = [[{"role": "assistant", "content": "The answer is 23."}]]
    assert reward_func(completion, answer=["B"], prompts=prompts, trainer_state=None) == [1.0]
    assert partial(reward_func, verifier=choice)(completion, answer=["A"], prompts=prompts) == [0.0]


def test_score_of_verl_tells_a_timeout_apart():
    right = compute_score("gsm8k", "So #### 18", "18", {"question": "How many?"})
    assert right == {"score": 1.0, "acc": True, "pred": "18", "status": "correct"}
    assert compute_score("gsm8k", "Answer: x^2", "\\frac{")["status"] == "bad_reference"


def test_works_from_any_thread():
    texts = ["Answer: \\sin(x)+y", "Answer: x"] * 4
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: reward_func([text], answer=["y+\\sin(x)"])[0], texts))
    assert found == [1.0, 0.0] * 4
    box = []
    thread = threading.Thread(target=lambda: box.append(reward_func(["Answer: \\cos(x)+y"], answer=["y+\\cos(x)"])))
    thread.start()
    thread.join()
    assert box == [[1.0]]


def test_works_inside_a_running_event_loop():
    async def scores():
        return await asyncio.gather(
            *(asyncio.to_thread(compute_score, "", text, "y+\\sin(x)") for text in ("Answer: \\sin(x)+y", "Answer: z"))
        )

    assert [each["score"] for each in asyncio.run(scores())] == [1.0, 0.0]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_works_from_other_processes(method):
    with ProcessPoolExecutor(2, mp_context=get_context(method)) as pool:
        found = list(pool.map(partial(compute_score, "gsm8k", ground_truth="y+\\sin(x)"), ["Answer: \\sin(x)+y", "Answer: 2"]))
    assert [each["score"] for each in found] == [1.0, 0.0]


def test_verl_loads_and_calls_the_function():
    reward = pytest.importorskip("verl.trainer.ppo.reward")
    config = {"path": rewards.__file__, "name": "compute_score"}
    module = SimpleNamespace(**config)
    load = getattr(reward, "get_custom_reward_fn", None)
    if load is None:
        pytest.skip("this verl loads rewards in another way")
    omegaconf = pytest.importorskip("omegaconf")
    custom = {"path": "pkg://trace_of_thought.verification.adapters.rewards", "name": module.name}
    function = load(
        omegaconf.OmegaConf.create({"reward": {"custom_reward_function": custom}, "custom_reward_function": custom})
    )
    assert function("gsm8k", "So she has 18 eggs.", "18")["score"] == 1.0


@pytest.mark.slow
def test_trl_trains_with_the_reward(tmp_path):
    trl = pytest.importorskip("trl")
    datasets, tokenizers, transformers = map(pytest.importorskip, ("datasets", "tokenizers", "transformers"))
    words = {
        word: place
        for place, word in enumerate(["<pad>", "<eos>", "<unk>", "Answer:", "18", "19", "What", "is", "9", "+", "?"])
    }
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="<unk>"))
    model.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=model, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>", padding_side="left"
    )
    config = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    seen = []

    def reward(completions, answer, **kwargs):
        seen.append(reward_func(completions, answer, **kwargs))
        return seen[-1]

    trainer = trl.GRPOTrainer(
        model=transformers.LlamaForCausalLM(config),
        processing_class=tokenizer,
        reward_funcs=reward,
        train_dataset=datasets.Dataset.from_list([{"prompt": "What is 9 + 9 ?", "answer": "18"}] * 4),
        args=trl.GRPOConfig(
            output_dir=str(tmp_path),
            max_steps=1,
            per_device_train_batch_size=4,
            num_generations=4,
            max_completion_length=4,
            report_to=[],
            use_cpu=True,
            bf16=False,
        ),
    )
    trainer.train()
    assert seen
    assert all(reward in (0.0, 1.0) for rewards in seen for reward in rewards)
