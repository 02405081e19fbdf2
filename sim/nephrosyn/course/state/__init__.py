"""A patient's state: the record types, the clocks, the codes and the rows of the event log."""
