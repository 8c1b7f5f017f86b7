"""Read logs of other evaluation libraries without these libraries. The door is `read_log.read_log`."""
