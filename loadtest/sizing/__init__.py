"""How much machine to buy: pods, connections, commits, storage and cost, beside the yen lost at the tills without."""
