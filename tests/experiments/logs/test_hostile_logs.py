"""Logs of inspect_ai that others wrote to do harm: bombs, lies about sizes, and JSON of other shapes."""

import json
import os
import re
import zipfile

import pytest

from trace_of_thought.experiments.logs.inspect_ai import ZSTANDARD, read_inspect

HEADER = json.dumps({"eval": {"task": "t", "model": "m"}})
BOMB = "[" + "{}," * 4_000_000 + "{}]"


def log(folder, **entries):
    names = {"header": "header.json", "summaries": "summaries.json", "sample": "samples/1.json"}
    with zipfile.ZipFile(folder / "hostile.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"header": HEADER, **entries}.items():
            archive.writestr(names[name], text)
    return folder / "hostile.eval"


def test_a_zip_bomb_is_refused(tmp_path):
    path = log(tmp_path, summaries=BOMB)
    assert path.stat().st_size < 20_000
    with pytest.raises(ValueError, match="a zip bomb"):
        read_inspect(path, texts=False, score=None)


def test_a_zip_bomb_that_states_a_small_size_is_refused(tmp_path):
    import zstandard

    packed = zstandard.compress(BOMB.encode())
    path = tmp_path / "lies.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", HEADER)
        archive.writestr("summaries.json", packed)
    data = bytearray(path.read_bytes())
    entry = [found.start() for found in re.finditer(rb"PK\x01\x02", data)][1]  # of the central directory
    data[entry + 10 : entry + 12] = ZSTANDARD.to_bytes(2, "little")
    data[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(ValueError, match="a zip bomb"):
        read_inspect(path, texts=False, score=None)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "7", '["x"]', '[{"scores": {"a": {"value": 1}}}]', '[{"id": 1, "scores": {"a": 7}}]']
)
@pytest.mark.parametrize("where", ["header", "summaries", "sample"])
def test_json_of_another_shape_is_a_message(tmp_path, where, text):
    text = text if where != "sample" else text.removeprefix("[").removesuffix("]") if len(text) < 1000 else text
    if where == "sample" and text == '{"id": 1, "scores": {"a": 7}}':
        text = '{"id": 1, "scores": [7]}'
    with pytest.raises(ValueError, match=r"hostile\.eval"):
        read_inspect(log(tmp_path, **{where: text}), texts=where == "sample", score=None)


def test_a_log_that_may_not_be_read_is_not_called_malformed(tmp_path):
    path = log(tmp_path, summaries="[]")
    path.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)  # root may read everything
        with pytest.raises(PermissionError):
            read_inspect(path, texts=False, score=None)
    finally:
        os.seteuid(user)
