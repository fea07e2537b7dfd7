"""JUDGEMENT. Pure functions from a snapshot and the rule book to findings."""
