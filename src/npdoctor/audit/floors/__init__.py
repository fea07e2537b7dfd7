"""Derive the floors of the rule book from the wheels themselves, and say where the book is wrong."""
