"""Room 3: documents -> accepted and rejected with reasons; statements about whole tables; the second opinion.

Great Expectations lives in `opinion_process` alone, which runs in a process of its own.
"""

from recon.validate.accept import validate
from recon.validate.rows import prepare

__all__ = ["prepare", "validate"]
