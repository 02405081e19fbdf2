"""The smallest change of a record that changes a classifier's answer."""
