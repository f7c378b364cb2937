"""The version of recon, in one place for the package, the manifest and the wheel."""

__version__ = "0.1.0"
