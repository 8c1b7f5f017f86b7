"""Check a solution's own arithmetic, without a reference. Start at `solutions.check_solution`."""
