"""Programs that a student writes: find them in a reply, run them in a sandbox, read the answer. Start at `run_program`."""

import lazy_loader

# Names are listed once, in __init__.pyi: imported when first used, and known to editors and type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
