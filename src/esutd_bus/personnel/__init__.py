"""What a personnel officer loads: contracts of a table, checked here, sent in batches, answered row by row."""
