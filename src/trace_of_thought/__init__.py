"""Trace-of-Thought prompting: a teacher writes the steps, a small student follows them, the answer is verified."""

import lazy_loader

# Names are listed once, in __init__.pyi: imported when first used, and known to editors and type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
