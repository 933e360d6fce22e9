"""Lean actors and pools under the stock SimPy run loop."""

from sim.engine.actors import Actor, At, Engine
from sim.engine.pools import Pool

__all__ = ["Actor", "At", "Engine", "Pool"]
