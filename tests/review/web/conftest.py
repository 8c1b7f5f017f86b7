import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from page_client import PageClient

from trace_of_thought.review import make_app


@pytest.fixture
def client(queue):
    return PageClient(make_app(queue, reviewer="ann"))
