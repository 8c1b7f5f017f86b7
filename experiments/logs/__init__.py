"""Logs of other evaluation libraries, read without them: scores, texts and columns. The door is `read_log.read_log`."""
