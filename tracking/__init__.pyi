from .context import process_handler as process_handler, traced as traced
from .errors import TrackingUnavailable as TrackingUnavailable
from .folders import home as home
from .handler import TraceHandler as TraceHandler
from .model import log_model as log_model
from .provenance import code_version as code_version
from .records import (
    CellRecord as CellRecord,
    DatasetRecord as DatasetRecord,
    ExperimentRecord as ExperimentRecord,
    PromptRecord as PromptRecord,
)
from .rescore import override_verdicts as override_verdicts
from .runs import OpenRuns as OpenRuns, open_runs as open_runs, publish as publish
from .signals import exit_on_sigterm as exit_on_sigterm
from .store import Store as Store, connect as connect
from .tracer import trace_id as trace_id
