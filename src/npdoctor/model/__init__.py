"""WORDS. Frozen data and closed unions; no input or output, no clock."""
