"""The state's registries as a client sees them: one port each."""
