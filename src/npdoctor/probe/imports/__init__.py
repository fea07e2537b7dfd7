"""The import probe: every compiled extension imported in a process that may die."""
