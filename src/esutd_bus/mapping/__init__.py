"""Mappings: where each leaf of a message lands in the database, proved complete at start-up."""
