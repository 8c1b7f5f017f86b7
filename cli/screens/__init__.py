"""What a command shows on the terminal: a run and its result, one problem, a streamed answer. Start at `consoles`."""
