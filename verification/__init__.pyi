from .answers import answers_equal as answers_equal, extract_answer as extract_answer, verify_answer as verify_answer
from .causes import error_causes as error_causes
from .equivalence.pool import close_workers as close_workers
from .notation.quantities import numbers_in as numbers_in
from .own import as_verifier as as_verifier
from .steps.solutions import check_solution as check_solution
from .verdicts import (
    Equation as Equation,
    Extracted as Extracted,
    Loser as Loser,
    SolutionCheck as SolutionCheck,
    StepCheck as StepCheck,
    Verdict as Verdict,
)
from .verifiers import (
    Verifier as Verifier,
    choice as choice,
    exact as exact,
    mathematics as mathematics,
    numeric as numeric,
    program as program,
    verifier_named as verifier_named,
)
