"""Tests on real environments, built from the package index and really broken."""
