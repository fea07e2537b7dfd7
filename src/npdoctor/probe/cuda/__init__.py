"""What the installed builds need of CUDA, read from their files."""
