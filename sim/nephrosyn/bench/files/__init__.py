"""The bench in files: perturbed records are exported, and predictions of any program are read and scored."""
