"""What happened: the tables of a run, how they are recorded and where they are kept."""
