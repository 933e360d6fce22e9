"""The shoppers of the town, held as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

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

    @property
    def size(self) -> int:
        """Number of shoppers."""
        return len(self.age_band)


def population(scenario: Scenario, streams: Streams) -> Population:
    """Draw the town's shoppers. A shopper's row depends on its number alone, not on how many there are."""
    people = scenario.population
    shopper = np.arange(people.shoppers)
    draws = streams.uniforms("shopper", shopper, 9)
    bands = list(people.age_bands.values())
    age = choose(draws[:, 0], [band.share for band in bands])
    radius = people.town_radius_km * np.sqrt(draws[:, 1])
    angle = 2 * np.pi * draws[:, 2]
    smartphone = draws[:, 4] < np.array([band.smartphone for band in bands])[age]
    mean = np.array([band.digital_affinity for band in bands])[age]
    # A logit-normal spread keeps affinity inside (0, 1) around its band's mean.
    logit = np.log(mean / (1 - mean)) + 0.8 * ndtri(draws[:, 5])
    has_app = smartphone & (draws[:, 6] < people.app_share)
    return Population(
        age_band=age,
        home_x_km=radius * np.cos(angle),
        home_y_km=radius * np.sin(angle),
        needs_per_day=np.asarray(
            people.needs_per_week / 7 * gammaincinv(people.needs_shape, draws[:, 3]) / people.needs_shape, float
        ),
        digital_affinity=np.where(smartphone, 1 / (1 + np.exp(-logit)), 0.0),
        smartphone=smartphone,
        basket_scale=np.exp(people.basket_spread * ndtri(draws[:, 7]) - people.basket_spread**2 / 2),
        app_from_s=np.where(has_app, 0.0, np.inf),
    )
