"""The pane of the GPUs, and the line of their memory under the others."""
