"""Package indexes: which are configured, what they offer, and what is inside their wheels."""
