"""The commands about experiments, one file each."""
