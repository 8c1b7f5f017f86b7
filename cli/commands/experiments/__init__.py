"""What is done with experiments, one file a command."""
