"""Use your own prompts: a folder with one text file per prompt; missing prompts come from the set `plain`."""

import tempfile
from pathlib import Path

from trace_of_thought import build_trace_of_thought, load_prompts
from trace_of_thought.models import ScriptedChatModel

STEPS_IN_FRENCH = """Écris de courtes étapes numérotées pour ce problème, sans le résoudre :

{question}"""

SOLVE_IN_FRENCH = """Résous ce problème en suivant les étapes.

{question}

Étapes :
{steps}

Termine par une ligne « Answer: » suivie du résultat."""

teacher = ScriptedChatModel(script=["1. Multiplie les œufs d'une boîte par le nombre de boîtes."])
student = ScriptedChatModel(script=["6 * 4 = 24\nAnswer: 24"])

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "decompose.txt").write_text(STEPS_IN_FRENCH, encoding="utf-8")
        Path(folder, "solve.txt").write_text(SOLVE_IN_FRENCH, encoding="utf-8")
        prompts = load_prompts(folder)
    graph = build_trace_of_thought(teacher, student, prompts=prompts)
    result = graph.invoke({"question": "Une boîte contient 6 œufs. Combien d'œufs dans 4 boîtes ?", "reference": "24"})
    print(teacher.calls[0].splitlines()[0])
    print(result["steps"][0], result["status"], sep="\n")
