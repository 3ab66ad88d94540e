"""Services that one could pick or write instead, for the same job or less."""
