"""The report: one HTML file about a run, or about two, readable without JavaScript and without a network."""
