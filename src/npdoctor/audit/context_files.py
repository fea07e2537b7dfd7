"""Find the files that steps of an image name in the folder that the image is built in."""

from __future__ import annotations

import os

from npdoctor.model.image import Image

OF_PROJECT = ("pyproject.toml", "setup.cfg")


def file_at(place: str) -> str:
    """Return the file at a place, of a folder the project file in it; empty where there is none."""
    inside = (os.path.join(place, name) for name in OF_PROJECT)
    found = (path for path in (place, *inside) if os.path.isfile(path))
    return os.path.normpath(next(found, "")) if os.path.exists(place) else ""


def context_file(image: Image, name: str, beside: str, folder: str) -> str:
    """Return the file that a step means by a name, empty where it is not there.

    It is looked for `beside` the Dockerfile and in the person's `folder`: a file is copied into an image
    from the folder that it is built in, by whatever name.
    """
    copied = dict(image.sources).get(name, name)
    places = [] if os.path.isabs(copied) else [os.path.join(beside, copied), os.path.join(folder, copied)]
    places.append(os.path.join(beside, os.path.basename(copied)))
    return next(filter(None, map(file_at, places)), "")
