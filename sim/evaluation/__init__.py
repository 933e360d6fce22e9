"""What a run means: the siloed P/Ls, the company's contribution, channel shift, and how sure we are."""
