"""Remote models: a deadline for each call, and replies that are checked before anybody reads them. Start at `bounded`."""
