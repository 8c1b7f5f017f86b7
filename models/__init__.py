"""Teachers and students: any LangChain chat model, the local student, the recorded and the scripted model."""

import lazy_loader

# Names are listed once, in __init__.pyi: imported when first used, and known to editors and type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
