"""What each capability contributes: worlds with and without it, over all combinations."""
