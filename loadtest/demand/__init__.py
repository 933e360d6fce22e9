"""Requests per second by endpoint and minute of a day, for as many stores as share the systems."""
