"""Diagnose a Python environment: binary compatibility, installed distributions, GPU and host."""

__version__ = "0.1.0"
