"""Replay of a simulated day at a payment and inventory core, followed by an audit."""
