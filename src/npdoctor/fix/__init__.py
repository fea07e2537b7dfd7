"""HANDS. Plans remedies; the only room that will ever write."""
