"""VOICE. A diagnosis as text or JSON, redacted at this one boundary."""
