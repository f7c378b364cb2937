"""Room 6: outcomes -> the exceptions register with its memory; two published runs -> what differs between them."""

from recon.record.compare import compare
from recon.record.register import record

__all__ = ["compare", "record"]
