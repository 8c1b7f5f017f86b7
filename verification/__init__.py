"""Verify solutions: find the final answer, compare it with the reference, check the arithmetic. Start at `answers`."""

import lazy_loader

# Names are listed once, in __init__.pyi: imported when first used, and known to editors and type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
