"""Look goods up at home, then go and fetch them: the shopper comes with the reviews in mind.

Where the store's stock is shown online, nobody sets out for an empty shelf that shows; that is part of the choice.
"""

from __future__ import annotations

from sim.errand import Errand
from sim.journeys.walk_in import Steps, walk_in
from sim.log.schema import Kind, Place
from sim.town import Town

_LOOK_UP, _RESEARCHED = int(Kind.LOOK_UP), int(Kind.RESEARCHED)


def research_then_store(town: Town, errand: Errand) -> Steps:
    """From the screen to the store."""
    town.note(errand, _RESEARCHED, Place.HOME)
    for sku, quantity in errand.lines:
        town.note(errand, _LOOK_UP, Place.APP, quantity, 0, sku=sku)
    yield from walk_in(town, errand)
