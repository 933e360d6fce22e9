"""The payment provider simulator, with a book of its own."""
