"""Paying, and everything after it: tenders, slips, outages, providers, settlement, matching and the month's end."""
