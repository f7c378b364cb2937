"""The words of the house. Nothing here imports another part of recon."""
