"""The commands, one file each. `cli.lazy_commands` lists them."""
