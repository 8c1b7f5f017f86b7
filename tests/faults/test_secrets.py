"""Keys in environment, configuration and addresses, and a server that repeats them: no artefact of a run has them."""

import json

import pytest

pytest.importorskip("langchain_openai")

KEYS = {
    "OPENAI_API_KEY": "sk-planted-0123456789abcdef",
    "HF_TOKEN": "hf_plantedplanted0123",
    "MY_PASSWORD": "planted-database-word",
    "TOT_REVIEW_TOKEN": "planted-review-token",
}
IN_ADDRESS = "planted-in-address"
IN_CONFIG = "planted/in+config="
EXPERIMENT = """
name: leaky
problems: [{{source: problems.jsonl}}]
methods: [standard, trace_of_thought]
students: [{{model: 'openai:s', base_url: '{url}', options: {{api_key: '{key}'}}}}]
teachers: [{{model: 'openai:t', base_url: '{url}'}}]
"""


@pytest.fixture
def url(hostile):
    """A server that writes the key that it got, and others that it should not know, into errors, steps and solutions."""
    hostile.texts = {
        "teacher": lambda prompt: f"1. Log in with {hostile.key}.\n2. Add the numbers, {KEYS['MY_PASSWORD']}.",
        "student": lambda prompt: f"The key is {hostile.key}, the token {KEYS['HF_TOKEN']}.\nAnswer: 4",
    }
    return hostile.url.replace("http://", f"http://ada:{IN_ADDRESS}@")


@pytest.fixture
def folder(tmp_path, url, monkeypatch, tot):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    asked = [f"What is 2 + 2? [{name} {role}]" for name in ("none", "401_with_the_key") for role in ("teacher", "student")]
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps({"question": q, "reference": "4"}) + "\n" for q in asked))
    return tmp_path


def leaks(folder, said, known):
    """Return which secrets stand where."""
    content = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    content |= {"the terminal, " + command: output.encode() for command, output in said.items()}
    secrets = [*KEYS.values(), IN_ADDRESS, IN_CONFIG]
    return {(name, secret) for name, data in content.items() for secret in secrets if secret.encode() in data and name != known}


def test_no_artefact_of_a_run_has_a_key(tot, folder, url, store_here):
    (folder / "experiment.yaml").write_text(EXPERIMENT.format(url=url, key=IN_CONFIG))
    commands = [
        ["run", "experiment.yaml", "--retries", "0"],
        ["run", "experiment.yaml", "--dry-run"],
        *(["export", "leaky", "--format", kind] for kind in ("csv", "jsonl", "parquet")),
        *([command, "leaky"] for command in ("report", "show", "decompositions")),
        ["list"],
    ]
    said = {" ".join(command): tot(*command)[1] for command in commands}
    assert "correct" in said["show leaky"]
    assert leaks(folder, said, "experiment.yaml") == set()
    assert {path.suffix for path in folder.rglob("*")} >= {".csv", ".jsonl", ".parquet", ".html", ".db", ".sqlite"}


def test_no_answer_of_solve_and_no_review_has_a_key(tot, folder, url):
    models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", url]
    commands = [
        ["solve", "What is 2 + 2? [none student]", *models],
        ["solve", "What is 2 + 2? [401_with_the_key student]", *models],
        ["run", "--problems", "problems.jsonl", *models, "--review", "always", "--no-tracking", "--retries", "0"],
        ["review", "export", "items.json"],
    ]
    said = {" ".join(command[:2]): tot(*command)[1] for command in commands}
    assert json.loads((folder / "items.json").read_text())
    assert leaks(folder, said, "") == set()
