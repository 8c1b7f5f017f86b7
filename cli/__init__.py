"""The command line. The door is `app.main`; `commands/` has one file a command, the files here help them."""
