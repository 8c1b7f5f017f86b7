import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from hostile_server import serving


@pytest.fixture
def hostile():
    with serving() as server:
        yield server
