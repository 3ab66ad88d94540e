"""The country: a register of all employees, loaded as the service would have written it, and measured at its size."""
