"""What a command shows on the terminal: a run while it goes on and at its end, one problem, one streamed answer. Door: `consoles`."""
