"""Which way of paying staff is best: policies put through the same shoppers, selected, confirmed and explained."""
