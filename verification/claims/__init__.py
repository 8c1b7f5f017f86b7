"""Find the final answer in a response. Start at `finding.find_claim`: `statements` finds its sentence, `choosing` its value."""
