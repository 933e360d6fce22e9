"""Benchmarks of the core, of the generator and of the way between them, each beside its peer in the same run."""
