"""Measurements of the engine that the command line offers."""
