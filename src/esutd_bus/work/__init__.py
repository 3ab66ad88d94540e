"""Work that no message waits for: jobs at intervals, on any number of nodes."""
