"""Whose yen is it: the divisions' P/Ls, what nobody owns, what counts for whom, and what points are owed."""
