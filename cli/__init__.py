"""The command line. Start at `app.main`; `commands/` has one file per command, and the files here are their helpers."""
