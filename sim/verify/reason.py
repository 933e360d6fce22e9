"""Reason: how two worlds of the same people must differ, whatever the numbers in the scenario are.

Metamorphic relations: nobody knows what a world should give, but everybody knows what more tills, other units of money
or a capability that nobody can use must do to it. Replication r of both worlds has the same random numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scenarios.capabilities import Capabilities
from scenarios.schema import Scenario
from sim.bench.pairing import ratio_interval, variance_ratio
from sim.calendar import DAY_S
from sim.log.recorder import Memory
from sim.log.schema import TABLES
from sim.population import population
from sim.streams import Streams
from sim.verify.closed_forms import SEEDS
from sim.verify.reason_tills import REASON_AT_TILLS
from sim.verify.trials import Answer, Question, Sample, Trial
from sim.verify.worlds import SEED, all_differing, differing_rows, lived, rows_of, town

LEAST_REDUCTION: Final = 10.0
"""How many times smaller pairing should make the variance of a difference between modes."""
SWITCHES: Final = tuple(
    name for name, field in Capabilities.model_fields.items() if field.annotation is bool and name != "door_counter"
)
"""A counter at the door has a table of its own, whoever comes in."""
NOBODY_ELSE: Final[Mapping[str, tuple[str, ...]]] = {
    "showroom": ("missions.daily.inspected=false", "missions.considered.inspected=false"),
    "same_prices": ("considering.price_differs=0.0",),
    "staff_code": ("missions.daily.staff_contact=0.0", "missions.considered.staff_contact=0.0"),
    "shared_history": ("missions.daily.staff_contact=0.0", "missions.considered.staff_contact=0.0"),
    "contact_centre_view": tuple(
        f"contact_centre.per_{occasion}=0.0" for occasion in ("parcel", "cancellation", "return", "double_charge")
    ),
    "ship_from_store": ("stock.pooled_safety=1.0",),
    "rfid": (
        "rfid.read_rate=1.0",
        *(f"stock.{error}=0.0" for error in ("shrink_per_unit_and_day", "receipt_miscount", "till_mix_up")),
    ),
}
"""What else it takes that nobody uses a capability which works without phones and cards, or that nobody keeps less in
the warehouse for it. One provider and one view of settlement change the accounts after the run, not the world."""

_EXACT: Final = 10


def _nothing_differs(of: str) -> Callable[[Sequence[Sample]], Answer]:
    """Whether no row of any table differs."""

    def answer(samples: Sequence[Sample]) -> Answer:
        differing = [sample["differing"] for sample in samples]
        compared = sum(sample["rows"] for sample in samples)
        found = f"at most {max(differing):.0f} rows; {compared:,.0f} compared{of}"
        same = [rows == 0 for rows in differing]
        return Answer("no row differs", found, all(same), sum(same) / len(same), differing)

    return answer


def _zero_adoption(seed: int) -> Sample:
    """Each capability in a town where nobody has a phone or a card, nor anything else to use it with."""
    bands = town("ward-siloed").scenario.population.age_bands
    nobody = [f"population.age_bands.{band}.smartphone=0.0" for band in bands]
    nobody += ["population.card_share=0.0", "staff.scan_and_pay=-50.0"]
    nobody += [f"capability_costs.{flag}.opex_yen_per_{per}=0" for flag in SWITCHES for per in ("month", "store_month")]
    without: dict[tuple[str, ...], Memory] = {}
    found: dict[str, float] = {}
    for flag in SWITCHES:
        more = NOBODY_ELSE.get(flag, ())
        if more not in without:
            without[more] = lived(town("ward-siloed", *nobody, *more), seed)
        having = lived(town("ward-siloed", *nobody, *more, f"capabilities.{flag}=true"), seed)
        found[flag] = all_differing(without[more], having)
    rows = sum(rows_of(without[NOBODY_ELSE.get(flag, ())]) for flag in SWITCHES)
    return {"differing": max(found.values()), "rows": rows, **found}


def _changes_nothing(samples: Sequence[Sample]) -> Answer:
    answer = _nothing_differs(f" over {len(SWITCHES)} capabilities")(samples)
    guilty = [flag for flag in SWITCHES if any(sample[flag] for sample in samples)]
    return dataclasses.replace(answer, reason=", ".join(guilty))


def _twins(seed: int) -> Sample:
    first, second = lived(town("ward-omo"), seed), lived(town("ward-omo"), seed)
    return {"differing": all_differing(first, second), "rows": rows_of(first)}


def _inert_shopper(seed: int) -> Sample:
    """The town with one more shopper, who never needs anything."""
    loaded = town("ward-omo")
    people = population(loaded.scenario, Streams(SEED, seed))
    names = [field.name for field in dataclasses.fields(people)]
    more = {name: np.append(getattr(people, name), getattr(people, name)[-1:]) for name in names}
    extra = dataclasses.replace(people, **more)
    extra.needs_per_day[-1] = 0.0
    number = people.size
    alone, together = lived(loaded, seed, people), lived(loaded, seed, extra)
    differing = sum(
        differing_rows(_without(alone.table(name), number), _without(together.table(name), number)) for name in TABLES
    )
    return {"differing": differing, "rows": rows_of(alone)}


def _without(table: pa.Table, shopper: int) -> pa.Table:
    if "shopper" not in table.column_names:
        return table
    others = [who != shopper for who in table["shopper"].to_pylist()]
    return table.filter(pa.array(others, pa.bool_()))


def _longer_horizon(seed: int) -> Sample:
    """The same week, as a week and as the first of ten days."""
    week, longer = lived(town("ward-omo"), seed), lived(town("ward-omo", "horizon.days=10"), seed)
    names = [name for name, schema in TABLES.items() if schema.names[0] == "time_s"]
    first, second = ([_first_week(memory.table(name)) for name in names] for memory in (week, longer))
    differing = sum(map(differing_rows, first, second))
    return {"differing": differing, "rows": sum(table.num_rows for table in first)}


def _first_week(table: pa.Table) -> pa.Table:
    return table.filter(pc.less(table["time_s"], pa.scalar(7 * DAY_S)))


# More of something, other units, pairs.


def _more_demand(seed: int) -> Sample:
    ordinary, doubled = (
        set(lived(town("ward-omo", f"population.needs_per_week={rate}"), seed).table("needs")["need"].to_pylist())
        for rate in (1.0, 2.0)
    )
    return {"lost": len(ordinary - doubled), "needs": len(ordinary), "added": len(doubled - ordinary)}


def _only_adds(samples: Sequence[Sample]) -> Answer:
    lost = [sample["lost"] for sample in samples]
    needs, added = (sum(sample[name] for sample in samples) for name in ("needs", "added"))
    fine = [not count for count in lost]
    found = f"at most {max(lost):.0f} lost of {needs:,.0f}, {added:,.0f} added"
    return Answer("none lost", found, all(fine) and added > 0, sum(fine) / len(fine), lost)


_ROUND_PRICES: Final = (
    *(
        f"categories.{name}.price_spread=0.0"
        for name in ("food", "household", "heavy", "apparel", "living", "cosmetics")
    ),
    "categories.food.price_mean_yen=200",
    "categories.household.price_mean_yen=400",
    "categories.heavy.price_mean_yen=800",
    "fulfilment.shipping_fee_yen=500",
)
"""Prices in whole hundreds, so that prices themselves are not rounded differently in the larger unit."""
_UNIT: Final = 10
_SAME: Final = ("time_s", "shopper", "need", "journey", "store", "kind", "place", "sku", "quantity", "order")


def in_other_units(values: Mapping[str, Any], factor: int) -> dict[str, Any]:
    """A scenario's tables with every amount of yen times `factor`, and utilities per yen divided by it."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found[key] = in_other_units(value, factor)
        elif isinstance(value, (int, float)) and "per_100_yen" in key:
            found[key] = value / factor
        elif isinstance(value, (int, float)) and "yen" in key.split("_"):
            found[key] = value * factor
        else:
            found[key] = value
    return found


def _other_units(seed: int) -> Sample:
    """The OMO town in yen and in tenths of a yen: same events, ten times the money within rounding."""
    loaded = town("ward-omo", "horizon.days=14", *_ROUND_PRICES)
    other = Scenario.model_validate(in_other_units(loaded.scenario.model_dump(exclude_none=True), _UNIT))
    yen, tenths = lived(loaded, seed), lived(other, seed)
    events = [memory.table("events").select(_SAME) for memory in (yen, tenths)]
    needs = [memory.table("needs").sort_by("need") for memory in (yen, tenths)]
    sample: dict[str, float] = {"differing": differing_rows(*events), "rows": events[0].num_rows}
    for column in ("net_yen", "contribution_yen"):
        one, ten = (table[column].to_numpy().astype(float) for table in needs)
        same_needs = len(one) == len(ten)
        sample[column] = float(np.abs(ten / _UNIT - one).max()) if same_needs else float("inf")
    totals = [float(pc.sum(memory.table("ledger")["amount_yen"]).as_py()) for memory in (yen, tenths)]
    return sample | {"company": abs(totals[1] / _UNIT / totals[0] - 1)}


def _same_in_other_units(samples: Sequence[Sample]) -> Answer:
    differing, net, contribution, company = (
        [sample[name] for sample in samples] for name in ("differing", "net_yen", "contribution_yen", "company")
    )
    found = (
        f"at most {max(differing):.0f} of {samples[0]['rows']:,.0f} events differ; sales of a need by "
        f"{max(net):.1f} yen, its contribution by {max(contribution):.1f}, the company's by {max(company):.1e}"
    )
    columns = zip(differing, net, contribution, strict=True)
    fine = [not rows and max(yen) <= _ROUNDING_YEN for rows, *yen in columns]
    target = f"no event differs; within {_ROUNDING_YEN:g} yen a need"
    return Answer(target, found, all(fine), sum(fine) / len(fine), differing)


_ROUNDING_YEN: Final = 5.0
"""Points, provisions for them, fees and labour are whole yen each, in every order of a need and in its return."""


def _pair(seed: int) -> Sample:
    """Contribution of the siloed and the OMO town, same numbers."""
    siloed, omo = (
        float(pc.sum(lived(town(name), seed).table("ledger")["amount_yen"]).as_py())
        for name in ("ward-siloed", "ward-omo")
    )
    return {"a": siloed, "b": omo}


def _paired_variance(samples: Sequence[Sample]) -> Answer:
    a, b = (np.array([sample[name] for sample in samples]) for name in "ab")
    ratio = variance_ratio(a, b)
    low, high = ratio_interval(a, b)
    found = f"{ratio:.0f} times smaller ({low:.0f} to {high:.0f})"
    holds = ratio >= LEAST_REDUCTION
    return Answer(f"at least {LEAST_REDUCTION:g} times", found, holds, None, (b - a).tolist())


def _question(name: str, what: str, answer: Callable[[Sequence[Sample]], Answer], source: str = "D") -> Question:
    return Question(name, what, source, answer)


REASON: Final[tuple[Trial, ...]] = (
    *REASON_AT_TILLS,
    Trial(
        "reason",
        _zero_adoption,
        (_question("RE-03", "A capability that nobody can use changes nothing", _changes_nothing),),
        at_most=2,
    ),
    Trial(
        "reason",
        _other_units,
        (_question("RE-04", "Money in tenths of a yen: same events, ten times the amounts", _same_in_other_units),),
        at_most=_EXACT,
    ),
    Trial(
        "reason",
        _twins,
        (_question("RE-05", "Two identical scenarios are identical", _nothing_differs("")),),
        at_most=_EXACT,
    ),
    Trial(
        "reason",
        _inert_shopper,
        (_question("RE-06", "One more shopper who needs nothing changes nobody", _nothing_differs("")),),
        at_most=_EXACT,
    ),
    Trial(
        "reason",
        _more_demand,
        (_question("RE-07", "Twice the demand only adds needs", _only_adds),),
        at_most=_EXACT,
    ),
    Trial(
        "reason",
        _longer_horizon,
        (_question("RE-08", "A longer horizon does not change its first days", _nothing_differs("")),),
        at_most=_EXACT,
    ),
    Trial(
        "reason",
        _pair,
        (
            _question(
                "RE-09", "Pairs against independent seeds: variance of the OMO gain in contribution", _paired_variance
            ),
        ),
        SEEDS,
    ),
)
