"""Statistics of paired results: intervals, exact tests, power. The door is `paired.compare`."""
