"""Replay a released trace file as a student: write its solutions to a JSONL file for `recorded:`.

    python examples/recorded_student.py TRACES.csv STUDENT.jsonl

Then find out, without any model, when this student should have asked its teacher:

    tot run --problems gsm8k --student recorded:STUDENT.jsonl --methods trace_of_thought \
      --teacher recorded:STEPS.jsonl+SOLUTIONS.jsonl --escalate "joint > teacher if wrong_arithmetic"
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

csv.field_size_limit(10**8)


def main(traces: Path, target: Path) -> None:
    """Write one line per problem: question, solution, tokens, and the student's name from the file's name."""
    name = traces.stem.split("-")[2]
    with traces.open(newline="", encoding="utf-8") as source, target.open("w", encoding="utf-8") as lines:
        for row in csv.reader(source):
            record = json.loads(row[0])
            solved = record["answer"]
            line = {
                "teacher": name,
                "question": record["dataset_question"],
                "solution": solved["output_text"],
                "input_tokens": solved["input_count"],
                "output_tokens": solved["output_count"],
            }
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:3]))
