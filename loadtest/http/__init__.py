"""HTTP/1.1 for the core and the provider: a server for either, and a client for what they ask of each other."""
