"""Stock: what is there, what the record says, and what is held for somebody."""
