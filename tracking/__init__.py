"""Tracing and logging to MLflow. No other package uses MLflow. Importing this one imports neither mlflow nor langchain."""

import lazy_loader

# Names are listed once, in __init__.pyi: imported when first used, and known to editors and type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
