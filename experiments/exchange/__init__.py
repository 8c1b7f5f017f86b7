"""Import and export of experiments: MLflow, tables, notebooks, recorded decompositions, the released traces. One file each."""
