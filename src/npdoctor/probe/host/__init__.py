"""Read what judgement needs to know of the machine."""

from npdoctor.probe.host.read import read_host

__all__ = ["read_host"]
