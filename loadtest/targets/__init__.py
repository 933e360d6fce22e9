"""The systems that a trace can be replayed at: our core, any HTTP or GraphQL system by a TOML file, a class."""
