"""The reminder of goods that were scanned, or left in the basket, and not bought.

Whether anybody bought them is looked up in the channels that the company's customer id covers: without one id over
stores and EC, whoever fetched the goods from the store is reminded of them all the same.
"""

from __future__ import annotations

from sim.errand import Errand
from sim.log.schema import Kind, Place
from sim.loyalty.satisfaction import Feeling
from sim.town import Town

_REMINDED = int(Kind.REMINDED)
_FALSE = int(Feeling.FALSE_REMINDER)


def is_reminded(town: Town, errand: Errand, scanned: bool) -> bool:
    """Whether the company knows of the wish and may write: the goods were scanned in the app, messages are allowed."""
    return (
        scanned
        and town.open.reminder[errand.store] > 0
        and town.has_app(errand)
        and town.programme.push.allowed(errand.shopper)
    )


def remind(town: Town, errand: Errand, effect: float) -> float:
    """Send the message; its `effect` on the utility of buying from us, 0 where it is not read."""
    town.note(errand, _REMINDED, Place.APP)
    town.programme.push.message(errand.shopper, town.engine.now)
    return effect if town.draw("reminder", errand.need) < town.scenario.reminder.opened else 0.0


def remind_in_vain(town: Town, errand: Errand, bought_in_store: bool, at_s: float) -> None:
    """The goods have been bought meanwhile: nothing is sent if the company can see that, else somebody is annoyed."""
    if bought_in_store and not town.open.unified_id[errand.store]:
        town.engine.call_after(at_s - town.engine.now, lambda: _annoy(town, errand))


def _annoy(town: Town, errand: Errand) -> None:
    town.note(errand, _REMINDED, Place.APP)
    town.loyalty.feel(errand.shopper, _FALSE)
