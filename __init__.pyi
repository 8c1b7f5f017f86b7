from .graphs.baselines import build_baseline as build_baseline
from .graphs.interfaces.chat import as_chat as as_chat
from .graphs.interfaces.embed import TraceResult as TraceResult, as_node as as_node, asolve as asolve, solve as solve
from .graphs.interfaces.tool import as_tool as as_tool
from .graphs.trace_of_thought import build_trace_of_thought as build_trace_of_thought
from .models.load import load_chat_model as load_chat_model
from .nodes.asking.failures import ModelError as ModelError
from .problems import load_problems as load_problems
from .prompts import load_prompts as load_prompts
from .verification import verify_answer as verify_answer
