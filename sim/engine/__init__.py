"""Lean actors and pools under SimPy's run loop, or a faster one over the same future-event list."""

from sim.engine.actors import Actor, At, Engine
from sim.engine.pools import Pool

__all__ = ["Actor", "At", "Engine", "Pool"]
