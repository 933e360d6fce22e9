"""The capabilities whose contribution is asked for, and the world in which just some of them are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scenarios.capabilities import MODES, Capabilities, Wave
from scenarios.errors import UsageError, hint
from scenarios.loader import Loaded, load
from sim.evaluation.shapley import Coalition

EC_ORDERS: Final = "ec_orders"
"""Not a capability but a channel: ordering from home for a parcel. Every mode has it."""
_NOBODY_WANTS_IT: Final = -1000.0
KNOWN: Final = (*(name for name in Capabilities.model_fields if name != "mode"), EC_ORDERS)
DEFAULT: Final = ("click_and_collect", "store_stock_online", "endless_aisle", "scan_and_pay", "reminder")
NEEDS: Final = {
    "pickup_counter": "click_and_collect",
    "reminder": "scan_look_up",
    "shared_basket": "scan_look_up",
}
"""What does nothing without another: nobody collects, or nothing has been scanned."""


@dataclass(frozen=True)
class Game:
    """Who plays, and on what ground. A player is one capability, or a block `a+b` that is opened together."""

    loaded: Loaded
    rest: Capabilities
    """What holds for capabilities that do not play."""
    own_rest: bool
    """Whether that is the scenario's own, rollout included."""
    players: tuple[str, ...]
    notes: tuple[str, ...]


def game(loaded: Loaded, of: str | None, base: str | None) -> Game:
    """The game that `--of a,b+c` and `--base MODE or SCENARIO` ask for.

    Raises UsageError for unknown or repeated names, and for a capability that can do nothing because what it needs is
    closed in every world.
    """
    rest = loaded.scenario.capabilities if base is None else _capabilities_of(base)
    players = _default_players(rest) if of is None else tuple(player.strip() for player in of.split(","))
    named = [name for player in players for name in parts(player)]
    for name in named:
        if name not in KNOWN:
            raise UsageError(f"--of {of}: no capability {name!r}{hint(name, KNOWN)}")
        if named.count(name) > 1:
            raise UsageError(f"--of {of}: {name} is named twice")
    if len(players) < 2:
        raise UsageError(f"--of {of}: name at least two, with commas between them")
    notes = [note for name in named for note in _dependence(name, players, rest)]
    return Game(loaded, rest, base is None, players, tuple(notes))


def parts(player: str) -> list[str]:
    """The capabilities of a block."""
    return [name.strip() for name in player.split("+")]


def world(game: Game, coalition: Coalition) -> Loaded:
    """The scenario with the players of `coalition` open, the other players closed, and the rest as it is.

    A player is open as in the scenario where it is open there, else as in the OMO mode. Everybody together on the
    scenario's own ground is the scenario itself, so that its run is found again.
    """
    scenario = game.loaded.scenario
    here = {name for player in coalition for name in parts(player)}
    named = {name for player in game.players for name in parts(player)} - {EC_ORDERS}
    values = {name: _open(game, name) if name in here else _closed(name) for name in named}
    waves = {key: _wave(game, wave, named - here) for key, wave in scenario.rollout.items()}
    update: dict[str, Any] = {"capabilities": game.rest.model_copy(update=values), "rollout": waves}
    if EC_ORDERS not in here and any(EC_ORDERS in parts(player) for player in game.players):
        update["choice"] = scenario.choice.model_copy(update={"ec": _NOBODY_WANTS_IT})
    found = scenario.model_copy(update=update)
    if found == scenario:
        return game.loaded
    bits = "".join(str(int(player in coalition)) for player in game.players)
    opened = ", ".join(player for player in game.players if player in coalition) or "none of the players"
    titled = found.model_copy(update={"title": f"{scenario.title}: {opened}"})
    return Loaded(f"{game.loaded.name}_{bits}", titled, game.loaded.origins)


def _default_players(rest: Capabilities) -> tuple[str, ...]:
    """Those of `DEFAULT`, each in one block with what it needs where that is closed."""
    return tuple(
        f"{NEEDS[name]}+{name}" if name in NEEDS and not getattr(rest, NEEDS[name]) else name for name in DEFAULT
    )


def _capabilities_of(base: str) -> Capabilities:
    return Capabilities.model_validate({"mode": base}) if base in MODES else load(base).scenario.capabilities


def _dependence(name: str, players: Sequence[str], rest: Capabilities) -> list[str]:
    """A note where `name` does nothing in some of the worlds; an error where it does nothing in any."""
    need = NEEDS.get(name)
    if need is None:
        return []
    block = next(player for player in players if name in parts(player))
    if need in parts(block):
        return []
    if any(need in parts(player) for player in players):
        return [f"{name} does nothing in the worlds without {need}; as one player: {need}+{name}"]
    if getattr(rest, need):
        return []
    raise UsageError(
        f"{name} does nothing without {need}, which is closed in every world: name both ({need},{name}), make them one "
        f"player ({need}+{name}), or take a --base that has {need}"
    )


def _closed(name: str) -> Any:
    return Capabilities.model_fields[name].default


def _open(game: Game, name: str) -> Any:
    """The value of an open player: the scenario's where it opens it, now or in a wave; else that of the OMO mode."""
    own = getattr(game.loaded.scenario.capabilities, name)
    in_waves = any(
        wave.values().get(name, _closed(name)) != _closed(name) for wave in game.loaded.scenario.rollout.values()
    )
    return own if own != _closed(name) or in_waves else MODES["omo"].get(name, True)


def _wave(game: Game, wave: Wave, closed: set[str]) -> Wave:
    """The wave without what is closed, and without the rest where that is another scenario's."""
    named = {name for player in game.players for name in parts(player)}
    values = {name: value for name, value in wave.values().items() if game.own_rest or name in named}
    kept = {name: _closed(name) if name in closed else value for name, value in values.items()}
    return wave if kept == wave.values() else wave.model_copy(update={"mode": None, "set": kept})
