"""Where values are missing."""

import numpy as np

from gridloom.core.series.errors import WrongStep
from gridloom.core.series.structs import Ints


def gaps(time_ms: Ints, step_s: int, since_ms: int, till_ms: int) -> Ints:
    """Stretches of [since, till) in which values are missing that should come every `step_s` seconds.

    Steps are counted from 1970; a step counts as there when a value lies anywhere in it, and only whole steps inside
    the window are asked for. time_ms: (n,). Returns (gaps, 2): from and till of each, half open, neighbours joined.
    Raises WrongStep.
    """
    if step_s <= 0:
        raise WrongStep(f"a step of {step_s} seconds has no length")
    step = step_s * 1000
    first, after = -(-since_ms // step), till_ms // step
    present = np.unique(time_ms // step)
    present = present[(present >= first) & (present < after)]
    before = np.append(first - 1, present)
    following = np.append(present, max(after, first))
    missing = following - before > 1
    return np.stack([(before[missing] + 1) * step, following[missing] * step], axis=1)
