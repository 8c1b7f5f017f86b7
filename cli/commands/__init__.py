"""One file a command; `cli.app` lists them."""
