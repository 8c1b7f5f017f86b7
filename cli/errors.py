"""Show failures on the command line as one message that says what to do, without a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..nodes.asking.failures import explain_to_owner


@contextmanager
def show_errors() -> Iterator[None]:
    """Print an exception as one line on standard error and exit with code 1; `TOT_DEBUG=1` shows the traceback instead."""
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)  # the exit code by which shells report Ctrl-C
    except BrokenPipeError:
        # the reader is gone (tot ... | head); Python would complain again when it flushes standard output at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if type(error).__name__ == "SchemaError" and "KeyboardInterrupt" in str(error):  # pydantic wraps what interrupts it
            print("interrupted", file=sys.stderr)
            sys.exit(130)
        if os.environ.get("TOT_DEBUG"):
            raise
        print(f"error: {explain_to_owner(error)}", file=sys.stderr)
        sys.exit(1)
