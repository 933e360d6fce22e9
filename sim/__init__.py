"""The world: shoppers, stores, staff, stock and payments of one retailer, simulated on SimPy."""
