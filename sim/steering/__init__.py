"""Steering a day: what a store's manager orders by the hour, and how the day stands whenever it is paused."""
