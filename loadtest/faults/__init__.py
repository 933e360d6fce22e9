"""Faults on a timetable, drills by name, and the soak: what a core must survive."""
