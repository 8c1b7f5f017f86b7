"""The nodes of the state machine, one a file: each factory takes what its node needs and returns it."""
