"""Run an experiment: ask teachers, solve, verify, and write each row at once. The door is `runner.run_experiment`."""
