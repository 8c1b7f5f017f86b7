import socket
import threading
import time

import pytest

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.review import make_app, open_queue
from trace_of_thought.review.web.connections import limited

STEPS = "1. Multiply 6 by 7.\n2. State the product."


@pytest.fixture
def store(tmp_path):
    return str(tmp_path / "reviews.sqlite")


@pytest.fixture
def queue(store):
    opened = open_queue(store)
    yield opened
    opened.close()


@pytest.fixture
def student():
    return ScriptedChatModel(script=lambda prompt: "6 * 7 = 42\nAnswer: 42", model_name="student")


@pytest.fixture
def pause(queue, student):
    """Pause runs in the store; returns the numbers of their items."""

    def run(count=1, *, steps=STEPS, teacher=None, question="What is 6 times 7? ({n})", start=0, **metadata):
        before = {item.number for item in queue.pending()}
        model = teacher or ScriptedChatModel(script=lambda prompt: steps)
        with queue.store.saver() as saver:
            graph = build_trace_of_thought(model, student, review="always", checkpointer=saver)
            for n in range(start, start + count):
                problem = {"question": question.replace("{n}", str(n)), "reference": "42", "problem_id": f"p{n}"}
                about = {"teacher": "planner", "problem_set": "sums", **metadata}
                graph.invoke(problem, {"configurable": {"thread_id": f"t{n}"}, "metadata": about}, durability="exit")
        queue.refresh()
        return [item.number for item in queue.pending() if item.number not in before]

    return run


@pytest.fixture
def resume(queue, student):
    """Take up what was decided, as an application does."""

    def run(teacher=None):
        model = teacher or ScriptedChatModel(script=lambda prompt: STEPS)
        with queue.store.saver() as saver:
            return queue.take_up(build_trace_of_thought(model, student, review="always", checkpointer=saver))

    return run


class Page:
    """The page on a real server in a thread."""

    def __init__(self, store, port=0, **options):
        import uvicorn

        self.queue = open_queue(store)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = limited(make_app(self.queue, **options))
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]}, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def stop(self):
        self.server.should_exit = True
        self.thread.join()
        self.listener.close()
        self.queue.close()


@pytest.fixture
def serve(store):
    opened = []

    def start(**options):
        opened.append(Page(store, **options))
        return opened[-1]

    yield start
    for page in opened:
        if page.thread.is_alive():
            page.stop()
