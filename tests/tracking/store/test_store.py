"""The tracking store: what is wrong with it is said at once, with what to do."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_of_thought import tracking
from trace_of_thought.foundation.folders import home
from trace_of_thought.tracking.store.outbox import Outbox
from trace_of_thought.tracking.store.reachability import _CHECK_S


def test_a_server_that_is_down_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]) -> None:
    uri = f"http://ada:secret-word@127.0.0.1:{free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(tracking.TrackingUnavailable) as failure:
        tracking.connect()
    message = str(failure.value)
    assert "no MLflow server answers at http://[redacted]@127.0.0.1" in message
    assert "--tracking-fallback local" in message
    assert "secret-word" not in message


def test_a_server_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _CHECK_S < 10  # the promise to the user
    monkeypatch.setattr("trace_of_thought.tracking.store.reachability._CHECK_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(tracking.TrackingUnavailable, match="ReadTimeout"):
        tracking.connect(f"http://127.0.0.1:{silent.getsockname()[1]}")


def test_the_fallback_writes_locally(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any], free_port: Callable[[], int]
) -> None:
    with tracking.traced("x", f"http://127.0.0.1:{free_port()}", fallback="local") as handler:
        assert handler.store.fell_back
        make_graph().invoke({"question": "q"})
    assert len(traces_in("x")) == 1


def test_the_default_is_in_the_current_folder_also_where_that_has_a_space(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    here = folder / "my folder"
    here.mkdir()
    (folder / "mlflow.db").rename(here / "mlflow.db")
    monkeypatch.chdir(here)
    with tracking.traced("x"):
        make_graph().invoke({"question": "q"})
    assert len(traces_in("x", f"sqlite:///{here}/mlflow.db")) == 1
    assert [path.name for path in folder.iterdir()] == ["my folder"]


def test_a_folder_is_refused_with_what_to_use(tmp_path: Path) -> None:
    with pytest.raises(tracking.TrackingUnavailable, match="keeps no traces in folders; use sqlite"):
        tracking.connect(str(tmp_path / "mlruns"))


def test_a_broken_database_is_named(folder: Path) -> None:
    (folder / "mlflow.db").write_text("this is no database " * 100)
    with pytest.raises(tracking.TrackingUnavailable, match="cannot be used"):
        tracking.connect()


def test_a_deleted_experiment_says_how_to_restore_it() -> None:
    store = tracking.connect()
    store.client.delete_experiment(store.experiment_id("gone"))
    with pytest.raises(tracking.TrackingUnavailable, match="mlflow experiments restore -x"):
        store.experiment_id("gone")


def test_many_threads_make_one_experiment() -> None:
    store = tracking.connect()
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(store.experiment_id("same"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_traces_that_a_store_refuses_are_kept_and_named(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    store = tracking.connect()
    wrong = tracking.TraceHandler(store, "999999")
    right = tracking.TraceHandler(store, store.experiment_id("x"))
    graph = make_graph()
    for number in range(3):
        graph.invoke({"question": f"q{number}"}, {"callbacks": [right]})
        graph.invoke({"question": f"q{number}"}, {"callbacks": [wrong]})
    assert store.close() == 3
    assert len(traces_in("x")) == 3
    assert "refused 3 traces" in caplog.text
    assert "999999" in caplog.text
    assert Outbox(home() / "outbox.sqlite").count(refused=True) == 3


def test_our_folder_stays_out_of_version_control() -> None:
    assert (home() / ".gitignore").read_text() == "*\n"


def test_a_folder_that_cannot_be_written_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TOT_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(OSError, match="set TOT_HOME"):
        home()


@pytest.mark.parametrize("name", ["what?", "c%41d"])
def test_a_folder_that_mlflow_would_misread_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    with pytest.raises(
        tracking.TrackingUnavailable, match=re.escape(f"the folder {tmp_path / name}: its path contains ? or %")
    ):
        tracking.connect("sqlite:///mlflow.db")
    assert {path.name for path in tmp_path.iterdir()} == {name, "mlflow.db"}  # the fixture's database
