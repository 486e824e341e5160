"""The demonstration: every stage on built-in data, from nothing to a report with pictures."""
