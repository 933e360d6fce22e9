"""An average day of a large payment provider: its merchants, their tills and EC shops, and a row for every event."""
