"""What stands in for the outside world: a test CA, simulated registries, replay of fixtures."""
