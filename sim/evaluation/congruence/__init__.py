"""On which share of the value that staff make their own pay points the company's way."""
