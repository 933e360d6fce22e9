"""Numbers of a scenario varied: sweeps and their optimum, searches, and which assumptions a result hangs on."""
