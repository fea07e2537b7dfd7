"""Where pins belong in a project, and the bytes that its files would have with them. Nothing is written."""
