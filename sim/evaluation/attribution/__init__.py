"""Who gets the credit for a sale: the usual rules on paths of touches, and what they are worth against the truth."""
