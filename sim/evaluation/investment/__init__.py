"""What capabilities cost and when they pay: orders of opening them, and stores that are better left out."""
