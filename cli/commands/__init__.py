"""One file a command; `cli.lazy_commands` lists them."""
