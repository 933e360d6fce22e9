"""The journeys, one file each: what a shopper does, step by step, from setting out to having the goods or not."""
