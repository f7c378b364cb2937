"""Room 8: names and contents -> a published folder, whole or not there; a published folder -> a sealed evidence pack."""

from recon.deliver.publish import deliver
from recon.deliver.target import claim
from recon.domain.manifest import differences as verify

__all__ = ["claim", "deliver", "verify"]
