"""Paying: tenders, authorisation, declines, time-outs with unknown outcome, retries."""
