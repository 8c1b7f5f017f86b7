"""`tot sync`: a store is made only if something waits for it."""

from trace_of_thought.experiments.journal.find_journal import journal_path
from trace_of_thought.experiments.journal.journal import Journal
from trace_of_thought.tracking.store.outbox import Outbox


def test_an_empty_folder_gets_no_database(tot, tmp_path):
    said = "nothing to send to sqlite:///mlflow.db\n"
    assert tot("sync") == (0, said)
    outbox = Outbox(tmp_path / ".trace_of_thought" / "outbox.sqlite")
    outbox.add("tr-1", "{}", "http://away:5000")
    assert tot("sync") == (0, "1 trace waiting for http://away:5000: send with --tracking-uri\n" + said)
    outbox.refuse("tr-1", "too large")
    assert tot("sync") == (0, "1 trace (1 refused before) waiting for http://away:5000: send with --tracking-uri\n" + said)
    with_options = tot("sync", "--tracking-uri", "sqlite:///mlflow.db?timeout=5")
    assert (with_options[0], "nothing to send to sqlite:///mlflow.db?timeout=5\n" in with_options[1]) == (0, True)
    assert not (tmp_path / "mlflow.db").exists()
    code, text = tot("ui")
    assert (code, "there is no mlflow.db yet" in text) == (1, True)


def test_results_that_wait_for_a_missing_database_make_it(tot, tmp_path, openai_server):
    models = ("--student", "openai:s", "--base-url", openai_server.url, "--methods", "standard", "--limit", "1")
    assert tot("run", *models, "--no-tracking", "--experiment", "x")[0] == 0
    with Journal(journal_path(tmp_path / ".trace_of_thought", "x")) as journal:
        journal.set("published", "0")
    code, text = tot("sync")
    assert code == 0, text
    assert text == "0 traces sent to sqlite:///mlflow.db\nresults of x sent to sqlite:///mlflow.db\n"
    assert (tmp_path / "mlflow.db").exists()
