"""The graphs: files that only wire nodes."""
