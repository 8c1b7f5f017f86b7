"""Programs that a student writes: found in a reply, run in a sandbox, their value as an answer. The door is `run_program`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
