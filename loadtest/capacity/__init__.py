"""How much load a system carries: the search for its edge, what saturates there, and latency against load."""
