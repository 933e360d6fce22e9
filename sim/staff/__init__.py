"""Floor staff: what they are paid for, and what they therefore do."""
