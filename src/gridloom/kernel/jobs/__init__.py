"""Work that may wait: deferred inside a transaction, done by a worker, done again when a worker dies over it."""

from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import ONCE, GiveUp, Job, job, schedule
from gridloom.kernel.jobs.deferral import defer, defer_followed

__all__ = ["ONCE", "Context", "GiveUp", "Job", "defer", "defer_followed", "job", "schedule"]
