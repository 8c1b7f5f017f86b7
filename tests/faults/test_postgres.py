"""What Postgres does as the store of reviews: killed, restarted, full, forbidden, misspelt."""

import asyncio
import itertools
import json
import shutil
import subprocess
from types import SimpleNamespace

import pytest
from postgres_server import PASSWORD, postgres_running

from trace_of_thought.review import export_items, import_decisions, make_app, open_queue
from trace_of_thought.review.errors import StoreError, cannot_be_used

psycopg = pytest.importorskip("psycopg")
pytest.importorskip("langgraph.checkpoint.postgres")

NUMBERS = itertools.count()
STEPS = "1. Look at the number.\n2. Add one to it."


@pytest.fixture(scope="module")
def running():
    if not shutil.which("initdb") or not shutil.which("pg_ctl"):
        pytest.skip("needs a Postgres server")
    try:
        with postgres_running() as server:
            yield server
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"Postgres does not start here ({error})")


@pytest.fixture
def postgres(running):
    """The server, which runs again after each test, and the address of an empty database."""
    yield SimpleNamespace(server=running, url=running.database(f"reviews{next(NUMBERS)}"))
    if not is_up(running):
        running.start()


def is_up(server):
    try:
        return bool(server.sql("select 1"))
    except psycopg.OperationalError:
        return False


@pytest.fixture
def experiment(tot, hostile, tmp_path, postgres, monkeypatch):
    """An experiment of six problems whose plans are all reviewed."""
    rows = ({"question": f"What is {n} + 2?", "reference": "4", "id": str(n)} for n in range(6))
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv("TOT_REVIEWS", postgres.url)
    models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", hostile.url, "--concurrency", "1"]
    words = ["run", "--problems", "p.jsonl", *models, "--methods", "trace_of_thought", "--review", "always", "--no-tracking"]
    return lambda: tot(*words)


def at_the_third(do, text):
    """Return a script of a model that does something before its third reply."""
    calls = itertools.count(1)

    def reply(prompt):
        if next(calls) == 3:
            do()
        return text

    return reply


def asked(hostile, role):
    return [prompt for who, prompt in hostile.asked if who == role]


@pytest.mark.slow
def test_a_restart_while_a_run_pauses_loses_nothing_and_lets_no_plan_through(experiment, hostile, postgres):
    hostile.texts = {"teacher": at_the_third(postgres.server.restart, STEPS)}
    code, output = experiment()
    assert (code, asked(hostile, "student")) == (0, []), output
    assert "6 solutions waiting for a review" in output
    with_store = open_queue(postgres.url)
    assert len(with_store.pending()) == 6
    with_store.close()


@pytest.mark.slow
def test_a_server_that_dies_in_each_phase_loses_and_doubles_no_decision(experiment, hostile, tmp_path, postgres):
    server = postgres.server
    hostile.texts = {"teacher": at_the_third(server.kill, STEPS), "student": at_the_third(server.kill, "2 + 2 = 4\nAnswer: 4")}
    for _ in range(2):  # it dies while plans pause; while it is away nothing begins
        code, output = experiment()
        assert (code, "check its address and that the server is running" in " ".join(output.split())) == (1, True), output
        assert PASSWORD not in output
    server.start()
    assert experiment()[0] == 0
    queue = open_queue(postgres.url)
    decide_with_a_death_in_between(queue, server, tmp_path / "d.json")
    queue.close()
    assert experiment()[0] == 1  # it dies while decisions are used
    server.start()
    code, output = experiment()
    assert code == 0, output
    assert len(set(asked(hostile, "teacher"))) == 6
    database = postgres.url.rpartition("/")[2]
    assert server.sql("select what, count(*), count(distinct item) from review_events group by 1", database) == [
        ("approve", 6, 6)
    ]
    assert server.sql("select state, count(*) from review_items group by 1", database) == [("taken", 6)]


def decide_with_a_death_in_between(queue, server, file):
    export_items(queue, file)
    rows = [row | {"decision": "approve"} for row in json.loads(file.read_text())]
    for row in rows[:2]:
        queue.decide(row["item"], "approve", reviewer="ann")
    server.kill()
    told = ""
    for row in rows[2:]:  # its other processes may live for a moment
        try:
            queue.decide(row["item"], "approve", reviewer="ann")
        except StoreError as error:
            told = str(error)
    assert "check its address and that the server is running" in told
    server.start()
    file.write_text(json.dumps(rows))
    result = import_decisions(queue, file, reviewer="ann")
    assert (len(result.decided) + result.before, result.refused) == (6, {})


@pytest.mark.slow
def test_a_checkpointer_connects_again(postgres):
    queue = open_queue(postgres.url)

    async def look(saver):
        return await saver.aget_tuple({"configurable": {"thread_id": "t"}})

    async def look_around_a_restart():
        async with queue.store.asaver() as saver:
            await look(saver)
            await asyncio.to_thread(postgres.server.restart)
            with pytest.raises(
                StoreError, match=r"^the reviews in postgresql://\w+@127\.0\.0\.1:\d+/reviews\d+ cannot be used"
            ):
                await look(saver)
            return await asyncio.gather(*[look(saver) for _ in range(5)])

    assert asyncio.run(look_around_a_restart()) == [None] * 5
    queue.close()


@pytest.mark.slow
def test_text_that_postgres_refuses_is_stored_in_a_form_that_it_takes(experiment, hostile, postgres, tot):
    hostile.texts = {"teacher": lambda prompt: "1. Look \x00 at \ud800 it.\n2. Add 2."}
    code, output = experiment()
    assert (code, "6 solutions waiting for a review" in output) == (0, True), output
    queue = open_queue(postgres.url)
    edit = {"type": "edit", "args": {"steps": ["Add \x00 \udfff 2."]}, "message": "\x00 \ud800"}
    for item in queue.pending():
        queue.decide(item.number, edit, reviewer="ann \x00 \udfff")
    assert {(event["reviewer"], event["comment"]) for event in queue.history()} == {("ann \ufffd \ufffd", "\ufffd \ufffd")}
    queue.close()
    code, output = experiment()
    assert (code, len(asked(hostile, "student"))) == (0, 6), output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s, url: s.url(password="wrong-" + PASSWORD), "check user and password"),
        (lambda s, url: s.url("elsewhere"), "create it"),
        (lambda s, url: s.url(port=1), "Connection refused; check its address and that the server is running"),
        (lambda s, url: f"postgresql://127.0.0.1:1/x?user=me&password={PASSWORD}", "Connection refused"),
        (lambda s, url: url.replace("127.0.0.1", "host.invalid"), "check its address"),
        (lambda s, url: url + f"?options=-cstatement_timeout%3D1&fallback_application_name={PASSWORD}", "raise this limit"),
        (lambda s, url: url + "?options=-cdefault_transaction_read_only%3Don", "needs to create tables"),
    ],
    ids=["password", "database", "port", "password as a parameter", "host", "time limit", "read only"],
)
def test_a_store_that_cannot_be_opened_is_named_with_a_fix_and_without_its_password(postgres, change, told):
    with pytest.raises(StoreError, match=r"^the reviews in postgresql://") as refused:
        open_queue(change(postgres.server, postgres.url))
    assert told in str(refused.value)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:{}@h:port/x",
        "postgresql://me:{}@[::1/x",
        "postgresql://me:x@h/x?what={}",
        "postgresql://me:p@{}@h/x",
        "postgresql://me:1/{}@h/x",
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(address):
    """Any part of it may be the password."""
    with pytest.raises(StoreError, match=r"cannot be (read|opened)") as refused:
        open_queue(address.format(PASSWORD))
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("FATAL: sorry, too many clients already", "max_connections"),
        ("FATAL: remaining connection slots are reserved", "max_connections"),
        ("permission denied for schema public", "needs to create tables"),
        ("database is locked", "end that program"),
        ("database or disk is full", "free disk space"),
        ("attempt to write a readonly database", "writable"),
        ("the connection is closed", "check its address"),
    ],
)
def test_each_cause_has_its_fix(said, told):
    assert told in cannot_be_used("here", RuntimeError(said))
    assert "\n" not in cannot_be_used("here", RuntimeError(f"{said}\nDETAIL: more"))


@pytest.mark.slow
def test_a_page_whose_store_dies_says_so_and_takes_the_decision_later(postgres, caplog):
    from fastapi.testclient import TestClient

    queue = open_queue(postgres.url)
    page = TestClient(make_app(queue), base_url="http://127.0.0.1", raise_server_exceptions=False)
    assert page.get("/").status_code == 200
    postgres.server.kill()
    while (reply := page.get("/")).status_code == 200:
        pass
    assert (reply.status_code, "send it again later" in reply.text) == (503, True)
    assert "that the server is running" in caplog.text
    postgres.server.start()
    assert page.get("/").status_code == 200
    queue.close()
