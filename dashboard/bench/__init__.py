"""Measurements of the pages."""
