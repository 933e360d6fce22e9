"""Touchpoints move the next choice and never make a need; each further one adds less, and together they tire people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towns import lived, nights, small

from scenarios.errors import ScenarioInvalid
from scenarios.loader import load
from sim.log.recorder import Memory, Recorder
from sim.log.schema import TABLES
from sim.loyalty.push import Push
from sim.loyalty.touchpoints import Touchpoints, felt
from sim.population import Population, population
from sim.streams import Floats, Streams

CALM = ("push.fatigue=0", "push.opt_out=0", "push.too_often_from=1000")
NAMES = ("line", "email", "sns", "catalogue", "chatbot")
BOUGHT = ("store", "app_carry", "app_ship", "ec_ship", "collect")


def touchpoint(name: str = "letter", **keys: object) -> str:
    """A `--set` of a touchpoint that reaches everybody once a week."""
    values = {"reach": 1.0, "response": 0.2, "opened": 1.0, "tires": 0.0, **keys}
    text = ",".join(
        f"{key}={str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in values.items()
    )
    return f"touchpoints.{name}={{{text}}}"


class Post:
    """A retailer's touchpoints at work on a small town, without a world around them."""

    def __init__(self, *sets: str, shoppers: int = 5000) -> None:
        self.town = nights(*sets, shoppers=shoppers)
        scenario, streams = self.town.scenario, Streams(1, 0)
        self.people: Population = population(scenario, streams)
        self.memory = Memory()
        log = Recorder(list(scenario.stores), [], [], self.memory, list(scenario.touchpoints))
        self.push = Push(scenario, streams, self.people)
        self.touchpoints = Touchpoints(scenario, streams, self.people, self.push, log)
        self.log = log

    def days(self, count: int) -> list[float]:
        """Live so many days; the mean utility of going to a store on each."""
        utility = []
        for day in self.town.days[:count]:
            self.touchpoints.morning(day, self.town.loyalty)
            utility.append(float(self.touchpoints.utility("store").mean()))
            self.town.loyalty.overnight(day)
        return utility

    def contacts(self) -> dict[str, Floats]:
        self.log.flush(everything=True)
        table = self.memory.table("contacts")
        return {name: table[name].to_numpy() for name in ("time_s", "shopper", "noticed", "blocked")}


def buying(world: Memory) -> int:
    return sum(outcome in BOUGHT for outcome in world.table("needs")["outcome"].to_pylist())


@pytest.mark.parametrize("off", [f"touchpoints.{{}}.{key}" for key in ("used=false", "contacts_per_week=0")])
def test_touchpoints_that_are_off_leave_the_world_as_it_is(off: str) -> None:
    free = [f"touchpoints.{name}.cost_yen_per_month=0" for name in NAMES]
    plain, without = lived(small("ward-omo")), lived(small("ward-touchpoints", [*free, *map(off.format, NAMES)]))
    for table in TABLES:
        assert plain.table(table).equals(without.table(table)), table


def test_contacts_that_do_nothing_and_cost_nothing_are_only_counted() -> None:
    plain, written = lived(small("ward-omo")), lived(small("ward-omo", [touchpoint(response=0.0)]))
    assert written.table("contacts").num_rows == 1500
    for table in set(TABLES) - {"contacts"}:
        assert plain.table(table).equals(written.table(table)), table


def test_needs_are_not_made_by_contacts() -> None:
    keys = ["need", "shopper", "mission", "items"]
    plain, written = lived(small("ward-omo")), lived(small("ward-touchpoints"))
    first, second = (world.table("needs").select(keys).sort_by("need").to_pylist() for world in (plain, written))
    assert first == second


@pytest.mark.parametrize("a_week", [0.25, 1.0, 3.0, 7.0])
def test_everybody_gets_the_contacts_of_a_week_evenly_spread(a_week: float) -> None:
    post = Post(touchpoint(contacts_per_week=a_week), shoppers=800)
    post.days(28)
    sent = post.contacts()
    assert set(np.bincount(sent["shopper"].astype(int))) == {round(4 * a_week)}
    by_day = np.bincount((sent["time_s"] // 86_400).astype(int), minlength=28)
    assert by_day == pytest.approx(800 * a_week / 7, abs=5 * np.sqrt(800 * a_week / 7) + 1)


def test_contacts_are_noticed_and_fade_as_their_table_says() -> None:
    """One contact a day of response r, noticed with probability q: x = r q (1 - f^k) / (1 - f), f = exp(-1 / days)."""
    post = Post(touchpoint(contacts_per_week=7, opened=0.3, response=0.01, days=5.0), "saturation.utility=1000", *CALM)
    utility = post.days(20)
    fade = np.exp(-1 / 5.0)
    for k, mean in enumerate(utility, start=1):
        assert mean == pytest.approx(0.01 * 0.3 * (1 - fade**k) / (1 - fade), rel=0.04)
    assert post.contacts()["noticed"].mean() == pytest.approx(0.3, abs=0.005)


@given(st.floats(0.01, 3), st.lists(st.floats(0.001, 3), min_size=2, max_size=6))
def test_what_contacts_add_up_to_is_concave_and_bounded(most: float, worths: list[float]) -> None:
    """The same contact is worth less on top of others, and all of them together never more than the bound."""
    so_far = np.concatenate([[0.0], np.cumsum(worths)])
    utility = felt(so_far, most)
    slope = np.diff(utility) / np.diff(so_far)
    assert np.all(np.diff(utility) >= 0)
    assert np.all(np.diff(slope) <= 1e-9)
    assert utility[-1] <= most
    assert felt(np.array([1e-9]), most)[0] == pytest.approx(1e-9)


def test_the_nth_channel_brings_less_than_the_first_under_the_default_saturation() -> None:
    """Purchases of the same shoppers with 0, 1, 3 and 4 equal channels, over three replications."""
    strong = {"contacts_per_week": 7, "response": 0.1, "days": 4.0}
    bought = {}
    for count in (0, 1, 3, 4):
        town = small("ward-omo", [touchpoint(f"channel{number}", **strong) for number in range(count)])
        bought[count] = [buying(lived(town, replication=number)) for number in range(3)]
    first = [one - none for none, one in zip(bought[0], bought[1], strict=True)]
    fourth = [four - three for three, four in zip(bought[3], bought[4], strict=True)]
    assert all(gain > 0 for gain in first)
    assert all(late < early / 2 for early, late in zip(first, fourth, strict=True))


@pytest.mark.parametrize(("favours", "more", "fewer"), [("store", "store", "online"), ("ec", "online", "store")])
def test_a_touchpoint_speaks_for_the_journeys_that_it_favours(favours: str, more: str, fewer: str) -> None:
    journeys = {"store": {"walk_in", "research_then_store"}, "online": {"ec_order", "click_and_collect"}}
    town = ["capabilities.scan_and_pay=false", "thinking.median_hours=0.1"]
    loud = touchpoint(contacts_per_week=7, response=0.3, favours=favours)
    counts = []
    for sets in (town, [*town, loud]):
        chosen = lived(small("ward-omo", sets)).table("needs")["journey"].to_pylist()
        counts.append({side: sum(one in names for one in chosen) for side, names in journeys.items()})
    assert counts[1][more] > counts[0][more]
    assert counts[1][fewer] < counts[0][fewer]


def test_who_is_reached_follows_age_affinity_smartphone_and_opt_in() -> None:
    ages = {"20s_30s": 0.9, "70s_up": 0.1}
    by_age = "{" + ",".join(f'"{band}"={share}' for band, share in ages.items()) + "}"
    keys = f"reach=0.5,reach_by_age={by_age},smartphone=true,opt_in=0.5,response=0.1"
    post = Post(f"touchpoints.letter={{{keys}}}", shoppers=40_000)
    willing, people = post.touchpoints.lines[0].willing, post.people
    assert not willing[~people.smartphone].any()
    for code, band in enumerate(post.town.scenario.population.age_bands):
        share = willing[people.smartphone & (people.age_band == code)].mean()
        assert share == pytest.approx(0.5 * ages.get(band, 0.5), abs=0.02)
    keen = Post(touchpoint(reach=0.5, reach_affinity=3.0), shoppers=40_000)
    at = keen.people.digital_affinity
    for low in (0.2, 0.5, 0.8):
        near = np.abs(at - low) < 0.05
        expected = 1 / (1 + np.exp(-3.0 * (at[near] - 0.5)))
        assert keen.touchpoints.lines[0].willing[near].mean() == pytest.approx(expected.mean(), abs=0.03)


def test_a_contact_less_is_noticed_by_whoever_remembers_many() -> None:
    tired = Post(touchpoint(contacts_per_week=7, tires=1.0), "push.fatigue=0.3", *CALM[1:])
    tired.days(6)
    sent = tired.contacts()
    day = (sent["time_s"] // 86_400).astype(int)
    remembered = 0.0
    for number in range(6):
        assert sent["noticed"][day == number].mean() == pytest.approx(np.exp(-0.3 * remembered), abs=0.03)
        remembered = (remembered + 1) * np.exp(-1 / 14)


def test_touchpoints_tire_for_push_messages_too_and_what_shoppers_ask_for_tires_nobody() -> None:
    asked = Post(touchpoint(contacts_per_week=7, tires=0.0), "push.opt_out=0.05", "push.too_often_from=1")
    sent = Post(touchpoint(contacts_per_week=7, tires=0.5), "push.opt_out=0.05", "push.too_often_from=1")
    for post in (asked, sent):
        post.days(10)
    now_s = 10 * 86_400.0
    everybody = np.arange(asked.people.size)
    assert asked.push.recent(everybody, now_s).max() == 0
    assert sent.push.recent(everybody, now_s).mean() > 2
    assert not asked.contacts()["blocked"].any()
    assert asked.town.loyalty.satisfaction.min() == 0
    blocked = sent.contacts()["shopper"][sent.contacts()["blocked"]].astype(int)
    assert len(blocked) > 100
    assert not sent.touchpoints.lines[0].willing[blocked].any()
    assert sent.town.loyalty.satisfaction.mean() < -0.05


def test_media_cost_is_what_contacts_and_months_cost() -> None:
    paid = touchpoint(cost_yen_per_contact=7.0, cost_yen_per_month=36_500.0, favours="ec")
    world = lived(small("ward-omo", [paid]))
    ledger = world.table("ledger").to_pandas()
    media = ledger[ledger.account == "media"]
    assert -media.amount_yen.sum() == 1500 * 7 + 7 * 36_500 * 12 / 365
    assert set(media.order_channel) == {"ec"}
    assert len(media) == 7


def test_those_who_do_not_know_the_retailer_hear_of_it_at_the_rate_of_a_week() -> None:
    silent = ("word_of_mouth.aware_share=0.2", "word_of_mouth.talk=0", "word_of_mouth.store_per_day=0")
    post = Post(touchpoint(unaware_per_week=0.1), *silent, shoppers=20_000)
    post.days(21)
    assert 1 - post.town.loyalty.awareness.aware.mean() == pytest.approx(0.8 * 0.9**3, abs=0.01)
    early = post.contacts()
    knows_from = post.town.loyalty.awareness.from_s[early["shopper"].astype(int)]
    assert np.all(knows_from <= early["time_s"])


def test_an_unknown_age_band_is_named() -> None:
    wrong: Sequence[str] = ['touchpoints.letter={reach=1,response=0.1,reach_by_age={"80s"=0.5}}']
    with pytest.raises(ScenarioInvalid) as raised:
        load("ward-omo", wrong)
    assert any("touchpoints.letter.reach_by_age.80s: no such age band" in problem for problem in raised.value.problems)
