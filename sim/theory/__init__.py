"""Closed forms of queueing theory: oracles for the engine, and the page's quick estimates.

Rates are per second, loads are in erlangs (arrival rate x mean service time), times are in seconds; any other unit
works as long as it is used throughout.
"""
