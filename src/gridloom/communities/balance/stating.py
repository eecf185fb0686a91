"""Sharing around what the grid operator states of some meters. No I/O.

At one step: stated consumers got A, the stated producers gave G, and those of whom nothing is stated took `need` and injected U.

    the key      shares G + U among all: stated consumers need what they got, stated producers give what they gave
    the others   get their part of that, at most G + U - A together; where together with A that is less than G, they get the
                 rest of G in proportion to what they still need, as far as the key names them
    U's part     what all consumers got less G, at least 0 and at most U, in proportion to what each injected

So what is shared is what was injected for it, unless the statements leave no room for that: where stated consumers got more than
G + U, or stated producers gave more than A and all that the others need. Then the statements stand as they were given, and so
they do where all consumers and all producers are stated and disagree.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities.allocation.public import MOST, Round, allocate, proportional

Ints: TypeAlias = NDArray[np.int64]
Block: TypeAlias = tuple[slice, Sequence[Round]]
"""Steps that follow one another, and the rounds that hold in them."""


class Side(NamedTuple):
    """Consumers or producers: (steps, places) what was taken or injected of which nothing is stated, and what is stated."""

    open: Ints
    stated: Ints


def around(blocks: Sequence[Block], taken: Side, fed: Side, touched: Ints, shared: Ints, given: Ints) -> None:
    """Put into `shared` and `given`, (steps, places), in the touched steps what those get and give of whom nothing is stated."""
    got, gave = taken.stated[touched].sum(axis=1), fed.stated[touched].sum(axis=1)
    need, injected = taken.open[touched], fed.open[touched]
    stated = taken.stated[touched]
    producers = np.flatnonzero((fed.open + fed.stated).any(axis=0))
    there = np.minimum((fed.open[touched] + fed.stated[touched])[:, producers], MOST)
    room = np.maximum(there.sum(axis=1) - got, 0)
    others = np.zeros_like(need)
    for block, rounds in blocks:
        part = slice(*np.searchsorted(touched, (block.start, block.stop)).tolist())
        if part.start < part.stop:
            by_key = allocate(rounds, need[part] + stated[part], there[part]).shared
            free = np.clip(by_key - stated[part], 0, need[part])
            others[part] = proportional(free, np.minimum(free.sum(axis=1), room[part]))
            _raise(others[part], need[part], rounds, gave[part] - got[part])
    shared[touched] = others
    wanted = np.clip(got + others.sum(axis=1) - gave, 0, injected.sum(axis=1))
    given[touched] = proportional(injected, wanted)


def _raise(others: Ints, need: Ints, rounds: Sequence[Round], least: Ints) -> None:
    """Make each row of `others` at least that much together, in place, as far as those whom the key names need it."""
    named: list[int] = sorted({column for each in rounds for column, _ in each.consumers if column is not None})
    if not named:
        return
    room = need[:, named] - others[:, named]
    more = np.clip(least - others.sum(axis=1), 0, room.sum(axis=1))
    if more.any():
        others[:, named] += proportional(room, more)
