from .design.cells import Cell as Cell
from .design.config import ExperimentConfig as ExperimentConfig, ModelConfig as ModelConfig, ProblemsConfig as ProblemsConfig
from .design.config_file import load_config as load_config
from .exchange.experiment import Experiment as Experiment, load_experiment as load_experiment
from .exchange.publishing import publish as publish
from .journal.find_journal import unpublished as unpublished
from .journal.journal import Journal as Journal
from .report.summary import summarise as summarise
from .run.runner import Outcome as Outcome, run_experiment as run_experiment
