from .audits.audit import Findings as Findings, Queued as Queued, read_audit as read_audit, start_audit as start_audit
from .audits.estimates import Answered as Answered, Audited as Audited, Estimate as Estimate, estimate as estimate
from .runs.experiment_runs import OpenRuns as OpenRuns, open_runs as open_runs, publish as publish
from .runs.provenance import code_version as code_version
from .runs.run_records import (
    CellRecord as CellRecord,
    DatasetRecord as DatasetRecord,
    ExperimentRecord as ExperimentRecord,
    PromptRecord as PromptRecord,
)
from .runs.verdict_overrides import override_verdicts as override_verdicts
from .serving.log_model import log_model as log_model
from .serving.scorer import answer_scorer as answer_scorer
from .store.errors import TrackingUnavailable as TrackingUnavailable
from .store.store import Store as Store, connect as connect
from .store.tracer import trace_id as trace_id
from .traces.context import process_handler as process_handler, traced as traced, verdicts as verdicts
from .traces.handler import TraceHandler as TraceHandler
from .traces.review_links import paused_trace as paused_trace
