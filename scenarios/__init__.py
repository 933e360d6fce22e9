"""Scenarios: what a user may configure, where each default comes from, and how a TOML file becomes one."""
