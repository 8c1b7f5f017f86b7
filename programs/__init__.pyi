from .program_values import as_answer as as_answer
from .run import ProgramRun as ProgramRun, run_program as run_program
from .source import find_program as find_program
