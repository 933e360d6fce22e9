"""New ways that nobody is used to, and channels that say different things: what annoys and takes staff time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.errand import Errand
from sim.log.schema import Kind, Place
from sim.loyalty.satisfaction import Feeling
from sim.store.store import Store
from sim.town import Town

_CONFUSED, _INCONSISTENT = int(Kind.CONFUSED), int(Kind.INCONSISTENT)
_FEEL_CONFUSED, _FEEL_INCONSISTENT = int(Feeling.CONFUSED), int(Feeling.INCONSISTENT)


def get_confused(town: Town, store: Store, errand: Errand) -> Generator[Any, Any, None]:
    """Where capabilities are new, some shoppers, the less digital the more, need help from the floor."""
    rules = town.scenario.learning
    risk = rules.confusion * town.open.unfamiliar[errand.store] * (1 - errand.affinity)
    if errand.confused_draw >= risk:
        return
    town.note(errand, _CONFUSED, Place.FLOOR)
    town.loyalty.feel(errand.shopper, _FEEL_CONFUSED)
    helped = yield (store.floor, errand.patience_s)
    if helped:
        yield rules.confusion_s
        store.floor.release()


def find_another_price(town: Town, errand: Errand) -> None:
    """Whoever looks goods up and stands in front of them may find that prices differ between channels."""
    if town.open.same_prices[errand.store]:
        return
    if errand.differs_draw < town.scenario.considering.price_differs * errand.affinity:
        town.note(errand, _INCONSISTENT, Place.FLOOR)
        town.loyalty.feel(errand.shopper, _FEEL_INCONSISTENT)
