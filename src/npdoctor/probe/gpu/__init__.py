"""Read the GPUs: through NVML in a process of its own, and what the driver's files say without it."""
