"""All published findings that the twin is asked for."""

from __future__ import annotations

from typing import Final

from sim.verify.effects_channels import CHANNELS
from sim.verify.effects_customers import CUSTOMERS
from sim.verify.effects_service import SERVICE
from sim.verify.effects_staff import STAFF
from sim.verify.findings import Effect


def _in_order(effect: Effect) -> str:
    return effect.id


EFFECTS: Final[tuple[Effect, ...]] = tuple(sorted((*CHANNELS, *CUSTOMERS, *SERVICE, *STAFF), key=_in_order))

RESTS_ON: Final[dict[str, str]] = {
    "VT-01": "alternatives of a random utility choice; orders from home and collection share a taste "
    "([choice] online_taste, an assumption), without which collection draws from the shelf rather than from EC",
    "VT-03": "awareness: who lives near a store notices it ([word_of_mouth] store_per_day, an assumption)",
    "VT-05": "the same: what a store takes from EC is there at once, what awareness adds depends on who is unaware",
    "VT-07": "fit has a part that is felt and a part that is read ([considering] touch_weight, an assumption)",
    "FHKZ": "[choice] selling_effort is set to the first; what it brings in profit is not",
    "VT-14": "store managers who hold stock back, staff who push the app, an EC division that lets up: all three "
    "follow the credit with slopes that are assumptions, and effort on both sides brings less and less",
    "VT-18": "the reactions are set by category from the same source; shares over a whole run are the result",
    "VT-20": "a message presses who is still thinking and revives who has let it rest; both signs are assumed, the "
    "turn between one hour and one day follows from when people decide ([thinking] median_hours, an assumption)",
    "VT-21": "goods in the basket are those closer to being bought",
    "VT-27": "a challenger's town: acquaintances are alike and the attached tell more (assumptions)",
    "VT-28": "rates and drop-out are set to CDNOW's; that the receipts of the whole world give them back is the test",
    "VT-29": "the logit's two intercepts are fitted to these two moments; queues, busy staff and people's differences "
    "could have moved them",
    "VT-30": "the money term is fitted to the first part under full belief; the second rests on two assumptions set "
    "to come near it; that attribution exceeds the increment is not",
    "VT-34": "staff weigh their own expected bonus; that deflecting costs them nothing else is an assumption",
    "VT-35": "the sign of the threat is assumed; what training changes follows from skill and threat",
    "VT-36": "that a target pulls is assumed; that it costs the company is not",
}
"""What a finding would not show without, where that is a parameter whose sign or size was set with it in view."""
