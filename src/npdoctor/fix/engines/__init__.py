"""Resolvers and installers: uv and pip."""
