"""Learn: guided exercises whose outcome comes from worlds, and a store's day to be steered."""
