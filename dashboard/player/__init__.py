"""One day of a run as a moving picture in one HTML file: who is where, what they buy, where they wait."""
