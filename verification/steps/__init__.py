"""A solution's own arithmetic, checked without a reference. The door is `solutions.check_solution`."""
