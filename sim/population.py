"""The shoppers of the town, held as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

import scenarios.people
from scenarios.people import District
from scenarios.schema import Scenario
from sim.streams import Floats, Streams, choose


@dataclass
class Population:
    """Arrays of shape (n,), row = shopper. Only `app_from_s` changes during a run."""

    age_band: NDArray[np.int64]
    home_x_km: Floats
    home_y_km: Floats
    needs_per_day: Floats
    """Rate of shopping occasions on an ordinary day."""
    digital_affinity: Floats
    """0 never online, 1 everything online."""
    smartphone: NDArray[np.bool_]
    basket_scale: Floats
    app_from_s: Floats
    """When the shopper got the retailer's app; infinity for never."""
    card: NDArray[np.bool_]
    """Has a member card; app owners are members anyway."""

    @property
    def size(self) -> int:
        """Number of shoppers."""
        return len(self.age_band)


def population(scenario: Scenario, streams: Streams) -> Population:
    """Draw the town's shoppers. A shopper's row depends on its number alone, not on how many there are."""
    people = scenario.population
    shopper = np.arange(people.shoppers)
    draws = streams.uniforms("shopper", shopper, 12)
    bands = list(people.age_bands.values())
    age, home_x_km, home_y_km = _homes(people, draws)
    smartphone = draws[:, 4] < np.array([band.smartphone for band in bands])[age]
    mean = np.array([band.digital_affinity for band in bands])[age]
    # A logit-normal spread keeps affinity inside (0, 1) around its band's mean.
    logit = np.log(mean / (1 - mean)) + 0.8 * ndtri(draws[:, 5])
    has_app = smartphone & (draws[:, 6] < people.app_share)
    return Population(
        age_band=age,
        home_x_km=home_x_km,
        home_y_km=home_y_km,
        needs_per_day=np.asarray(
            people.needs_per_week / 7 * gammaincinv(people.needs_shape, draws[:, 3]) / people.needs_shape, float
        ),
        digital_affinity=np.where(smartphone, 1 / (1 + np.exp(-logit)), 0.0),
        smartphone=smartphone,
        basket_scale=np.exp(people.basket_spread * ndtri(draws[:, 7]) - people.basket_spread**2 / 2),
        app_from_s=np.where(has_app, 0.0, np.inf),
        card=draws[:, 10] < people.card_share,
    )


def _homes(people: scenarios.people.Population, draws: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Age band and home of each shopper: the district first, then an age as common there, then a place inside it."""
    bands = people.age_bands
    town = District(x_km=0, y_km=0, radius_km=people.town_radius_km, share=1)
    districts = list(people.districts.values()) or [town]
    district = choose(draws[:, 9], [d.share for d in districts])
    age = np.empty(len(draws), dtype=np.int64)
    for code, table in enumerate(districts):
        rows = district == code
        shares = [table.age_shares.get(name, band.share) for name, band in bands.items()]
        age[rows] = choose(draws[rows, 0], shares)
    radius = np.array([d.radius_km for d in districts])[district] * np.sqrt(draws[:, 1])
    angle = 2 * np.pi * draws[:, 2]
    x_km = np.array([d.x_km for d in districts])[district] + radius * np.cos(angle)
    y_km = np.array([d.y_km for d in districts])[district] + radius * np.sin(angle)
    return age, x_km, y_km
