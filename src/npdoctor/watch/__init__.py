"""Runs a program of the user's, watches it and stays out of its way."""
