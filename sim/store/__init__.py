"""A store: its opening hours, tills, floor staff and pickup counter."""
