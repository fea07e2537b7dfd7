"""EYES. Reads the target and the host; never judges, never writes."""
