"""The ground floor, which knows no other room: the project's folder, SQLite, signals, redaction, the sample."""
