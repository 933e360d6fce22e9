"""From a retailer's own files to the numbers of a scenario."""
