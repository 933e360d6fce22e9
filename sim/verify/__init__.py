"""Does the twin behave like the world: closed forms, laws, reason, and published findings, each as a row of a table."""
