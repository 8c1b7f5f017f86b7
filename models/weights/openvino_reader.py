"""Convert a GGUF file to OpenVINO's own files and generate the first texts with them. A script, run in a process of its own.

Started as `python -P openvino_reader.py FOLDER GGUF`. The folder has the tokenizer. Input: one line of JSON with the prompts as
token ids. Output: the generated token ids as JSON. OpenVINO's threads and memory end with the process.
"""

import json
import os
import sys

import numpy as np
import openvino
import openvino_genai
from openvino_tokenizers import convert_tokenizer
from transformers import AutoTokenizer

EXACT = {"INFERENCE_PRECISION_HINT": "f32"}
"""Computes in float32 even on CPUs with bfloat16, so that the first texts can be compared with transformers'."""


def read_gguf(folder: str, gguf: str) -> None:
    """Save the model and its tokenizer in OpenVINO's format. The library saves the model beside the GGUF file."""
    models = convert_tokenizer(AutoTokenizer.from_pretrained(folder, trust_remote_code=False), with_detokenizer=True)
    for model, name in zip(models, ("openvino_tokenizer", "openvino_detokenizer"), strict=True):
        openvino.save_model(model, os.path.join(folder, f"{name}.xml"))
    tokenizer, scheduler = openvino_genai.Tokenizer(folder), openvino_genai.SchedulerConfig()
    # loading it once with this option is what saves the model
    openvino_genai.ContinuousBatchingPipeline(gguf, tokenizer, scheduler, "CPU", enable_save_ov_model=True, **EXACT)


def first_texts(folder: str, prompts: list[list[int]], tokens: int) -> list[list[int]]:
    """Return what the saved model generates greedily after each prompt, as token ids."""
    pipeline = openvino_genai.ContinuousBatchingPipeline(folder, openvino_genai.SchedulerConfig(), "CPU", EXACT)
    config = openvino_genai.GenerationConfig(max_new_tokens=tokens, ignore_eos=True)
    handles = [pipeline.add_request(i, openvino.Tensor(np.array([ids])), config) for i, ids in enumerate(prompts)]
    while pipeline.has_non_finished_requests():
        pipeline.step()
    return [handle.read_all()[0].generated_ids for handle in handles]


if __name__ == "__main__":
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print must not mix with the result
    asked = json.loads(sys.stdin.readline())
    read_gguf(*sys.argv[1:3])
    json.dump(first_texts(sys.argv[1], **asked), results)
