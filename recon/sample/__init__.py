"""A believable company with nothing wrong, or with labelled faults: the tests' and the newcomer's data."""

from recon.sample.company import sample

__all__ = ["sample"]
