"""The robustness bench: known errors put into records, classifiers asked again, their answers scored."""
