"""What travels about allocation keys."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.communities.numbers import EMPTY
from gridloom.communities.schemas import Inside, Sort

# A key has three rounds at most; more are read so that each of them can be told what is wrong with it.
MAX_ITERATIONS, MAX_CONSUMERS, MAX_DESCRIPTION = 10, 5_000, 2_000

Id = Annotated[int, Meta(le=2**63 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S", extra={"number": EMPTY})]
ConsumerName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"\S",
        extra={"number": EMPTY},
        description="The EAN of a consumption meter where the key computes, else any name.",
    ),
]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION)]
RoundNumber = Annotated[int, Meta(description="0, 1 or 2; rounds happen in the order of their numbers.")]
RoundShare = Annotated[float, Meta(description="Share of the production, 0 to 1.")]
ConsumerShare = Annotated[float, Meta(description="Share of the round, 0 to 1; -1: by need.")]


class ConsumerWrite(Struct):
    """Who gets a share of a round."""

    name: ConsumerName
    energy_allocated_percentage: ConsumerShare


class IterationWrite(Struct):
    """A round. The fixed shares of its consumers sum up to 1, or to 1 at most where somebody gets energy by need."""

    number: RoundNumber
    energy_allocated_percentage: RoundShare
    consumers: Annotated[list[ConsumerWrite], Meta(max_length=MAX_CONSUMERS)]


Iterations = Annotated[
    list[IterationWrite], Meta(max_length=MAX_ITERATIONS, description="Their shares of the production sum up to 1.")
]


class KeyWrite(Struct):
    """A new key."""

    name: Name
    description: Description
    iterations: Iterations


class KeyUpdate(Struct):
    """A key as it shall be from now on."""

    id: Id
    name: Name
    description: Description
    iterations: Iterations


class KeyPartial(Struct):
    """A key without its rounds."""

    id: int
    name: str
    description: str


class Consumer(Struct):
    """Who gets a share of a round."""

    id: int
    name: str
    energy_allocated_percentage: ConsumerShare


class Iteration(Struct):
    """A round."""

    id: int
    number: RoundNumber
    energy_allocated_percentage: RoundShare
    consumers: list[Consumer]


class Key(Struct):
    """A key as it is now. Rounds and consumers that change get other ids."""

    id: int
    name: str
    description: str
    iterations: list[Iteration]


class KeysQuery(Struct):
    """Filters and sorts."""

    name: Inside = UNSET
    description: Inside = UNSET
    sort_name: Sort | UnsetType = UNSET
