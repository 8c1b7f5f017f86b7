from .cells import Cell as Cell
from .config import ExperimentConfig as ExperimentConfig, ModelConfig as ModelConfig, ProblemsConfig as ProblemsConfig
from .config_file import load_config as load_config
from .journal import Journal as Journal
from .journals import unpublished as unpublished
from .publishing import publish as publish
from .runner import Outcome as Outcome, run_experiment as run_experiment
from .summary import summarise as summarise
