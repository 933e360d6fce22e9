"""Lean actors and pools under the stock SimPy run loop."""

from sim.engine.actors import Actor, Engine
from sim.engine.pools import Pool

__all__ = ["Actor", "Engine", "Pool"]
