"""Read how values are written: clean text, numbers, units, exact arithmetic. Other packages of `verification` build on it."""
