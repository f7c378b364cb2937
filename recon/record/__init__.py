"""Room 6: outcomes -> the exceptions register with its memory; two published runs -> what differs between them."""

from recon.record.compare import compare
from recon.record.recall import earlier_run, recall
from recon.record.register import record

__all__ = ["compare", "earlier_run", "recall", "record"]
