"""Judge what files declare: requirements, projects, locks and Dockerfiles."""
