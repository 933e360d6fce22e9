"""Whether a day of the simulated world and its replay at the core end in the same books."""
