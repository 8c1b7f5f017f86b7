"""The worker process: compare two claims with Math-Verify and sympy. Requests are JSON lines, replies are single words.

It runs as a script with `python -P` and imports nothing from this project. The kernel's alarm clock kills it if a comparison
exceeds its limit, even if Python holds its lock or the parent is gone.
"""

import json
import os
import resource
import signal
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

MEMORY = 1 << 30
"""Bytes of address space in addition to what the imports need."""
MUCH = MEMORY // 8
"""Bytes by which no ordinary comparison grows. Math-Verify catches MemoryError, so a larger one gets no verdict."""


@lru_cache(maxsize=2048)
def parse_claim(text: str) -> tuple[Any, ...]:
    """Return Math-Verify's readings of one LaTeX expression; empty if it cannot be read."""
    from math_verify import LatexExtractionConfig, parse

    return tuple(parse(f"${text}$", extraction_config=[LatexExtractionConfig()], parsing_timeout=None))


def compare(claim: str, reference: str) -> str:
    """Return `equal`, `unequal`, `unread` (the claim) or `bad_reference`."""
    from math_verify import verify

    wanted = parse_claim(reference)
    # A reading that is a string is the text itself: it could not be parsed.
    if not any(not isinstance(reading, str) for reading in wanted):
        return "bad_reference"
    given = parse_claim(claim)
    if not any(not isinstance(reading, str) for reading in given):
        return "unread"
    # No limits of its own: they use signals of the main thread.
    same = verify(list(wanted), list(given), timeout_seconds=None, allow_set_relation_comp=True)
    return "equal" if same else "unequal"


def outcome_of(claim: str, reference: str) -> str:
    """Return the outcome of a comparison; "timeout" if it ran out of memory or raised an error."""
    before = peak()
    try:
        outcome = compare(claim, reference)
    except Exception:  # out of memory, nested too deeply, or a library's bug: nothing is known about the claim
        return "timeout"
    return "timeout" if peak() - before > MUCH else outcome


def peak() -> int:
    """Return the peak memory of this process in bytes.

    On Linux, `getrusage` would include the parent's, which may hold a model.
    """
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Answer requests until the input ends."""
    # A library's output goes to stderr: a line on stdout would be taken for a reply.
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sys.set_int_max_str_digits(5000)  # digits; Python's own limit is 4300
    # Load all parts of sympy that comparisons need, before the memory limit is derived from what is in use.
    for claim, reference in (("x+1", "1+x"), ("[-1,2]", r"(-\infty,3)\cup(4,5)"), (r"\frac{1}{7}", r"\frac{\sqrt{7}}{14}")):
        compare(claim, reference)
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    if pages:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a killed worker should leave no core file
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the default action of an alarm kills the process
    replies.write("ready\n")
    for line in sys.stdin:
        request = json.loads(line)
        # One second longer than the parent waits: this alarm is for a parent that died.
        signal.setitimer(signal.ITIMER_REAL, request["timeout"] + 1)
        outcome = outcome_of(request["claim"], request["reference"])
        signal.setitimer(signal.ITIMER_REAL, 0)
        replies.write(outcome + "\n")


if __name__ == "__main__":
    main()
