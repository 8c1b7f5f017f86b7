"""How values are written: clean text, numbers, quantities, exact arithmetic. The other packages here build on it."""
