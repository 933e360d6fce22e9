"""What customers are worth over their life: the twin's truth, and what an analyst makes of the receipts."""
