"""The questions that people come with, and the command that answers each."""
