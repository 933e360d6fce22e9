"""What the retailer's systems can do."""

from __future__ import annotations

from scenarios.cited import Table, cited


class Capabilities(Table):
    """What the retailer's systems can do."""

    scan_and_pay: bool = cited(False, "F10", "scan in the store, pay in the app, carry out or ship home")
    click_and_collect: bool = cited(False, "F04 F06", "store stock online, order online, collect in a store")
    endless_aisle: bool = cited(False, "F08", "an item missing in the store is ordered on the spot, shipped home")
