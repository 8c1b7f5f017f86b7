"""What every other package may use: the project's folder, SQLite, signals, redaction, statuses, the sample."""
