"""Read Dockerfiles, and judge what their steps do to each other."""
