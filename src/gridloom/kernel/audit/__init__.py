"""The trail: who did what to which object, written with the change itself and chained so that no change goes unseen.

`record` adds an entry to a transaction, `flush` writes what was added (wired as `Database.trail_flusher`), `seal`
chains the committed entries behind the requests, `verify` says whether the chain holds.
"""

from gridloom.kernel.audit.chain import Broken, Verdict
from gridloom.kernel.audit.sealing import expire, seal
from gridloom.kernel.audit.trail import Entry, flush, record
from gridloom.kernel.audit.verification import export, verify, verify_export

__all__ = ["Broken", "Entry", "Verdict", "expire", "export", "flush", "record", "seal", "verify", "verify_export"]
