"""Settlements: our own addition to this API.

A run freezes what it is computed from and never changes; running again after something changed makes the next version.
"""

from msgspec import UNSET

from gridloom.communities import dates
from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.members import public as members
from gridloom.communities.settlements import comparing, exports, lists, rules, settling, store
from gridloom.communities.settlements.faults import (
    NoEarlierRun,
    NoSuchSettlement,
    NothingToSettle,
    PeriodWrong,
    TooMuchAtOnce,
)
from gridloom.communities.settlements.schemas import (
    DifferenceShown,
    DifferencesQuery,
    DownloadQuery,
    LineShown,
    LinesQuery,
    MemberSums,
    OperationPartial,
    Settle,
    Settlement,
    SettlementPartial,
    SettlementsQuery,
    Sums,
)
from gridloom.communities.sharing import public as sharing
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.files.library import Files
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

TAG = ("Settlements",)
READ, WRITE = "communities.settlements:read", "communities.settlements:write"


@action(
    "POST", "/settlements/", scope=WRITE, answers={200: list[Settlement]}, extra=IN_COMMUNITY,
    faults=(NothingToSettle, PeriodWrong, TooMuchAtOnce), name="post_settlements", tags=TAG,
)  # fmt: skip
async def settle(tx: Tx, subject: Subject, body: Settle, files: Files) -> list[Settlement]:
    """Settle whole days of one sharing operation, or of all of the community.

    Where nothing that counts changed since the last run of the same operation and period, that run is the answer.
    """
    here = standing_of(subject).community_id
    since, till = dates.day(body.date_start, "date_start"), dates.day(body.date_end, "date_end")
    settling.check_period(since, till)
    if body.id_sharing_operation is UNSET:
        operations = await sharing.operations_of(tx, here)
    else:
        one = await sharing.find(tx, here, body.id_sharing_operation)
        operations = [] if one is None else [one]
    done = [await settling.settle(tx, files, each, since, till, limited=True) for each in operations]
    runs = [each for each in done if each is not None]
    if not runs:
        raise NothingToSettle
    return [await _detail(tx, each) for each in runs]


@action(
    "GET", "/settlements/", scope=READ, answers={200: SettlementPartial}, lists=Pages.NUMBER, extra=IN_COMMUNITY,
    name="get_settlements", tags=TAG,
)  # fmt: skip
async def settlements(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: SettlementsQuery) -> PageOf:
    """The settlements of the community, every version, the newest first."""
    return await lists.settlements(tx, page, query, call, standing_of(subject).community_id)


@action(
    "GET", "/settlements/{id}", scope=READ, answers={200: Settlement}, extra=IN_COMMUNITY, faults=(NoSuchSettlement,),
    name="get_settlements_id", tags=TAG,
)  # fmt: skip
async def settlement(tx: Tx, subject: Subject, id: int) -> Settlement:  # noqa: A002 - named as in the path
    """A settlement with the sums of its members."""
    return await _detail(tx, await _found(tx, subject, id))


@action(
    "GET", "/settlements/{id}/lines", scope=READ, answers={200: LineShown}, lists=Pages.NUMBER, extra=IN_COMMUNITY,
    faults=(NoSuchSettlement,), name="get_settlements_id_lines", tags=TAG,
)  # fmt: skip
async def lines(tx: Tx, subject: Subject, id: int, page: PageRequest, query: LinesQuery) -> PageOf:  # noqa: A002
    """The sums of each meter on each day."""
    return await lists.lines(tx, page, query, (await _found(tx, subject, id)).id)


@action(
    "GET", "/settlements/{id}/differences", scope=READ, answers={200: list[DifferenceShown]}, extra=IN_COMMUNITY,
    faults=(NoSuchSettlement, NoEarlierRun), name="get_settlements_id_differences", tags=TAG,
)  # fmt: skip
async def differences(
    tx: Tx, subject: Subject, id: int, query: DifferencesQuery, files: Files  # noqa: A002
) -> list[DifferenceShown]:  # fmt: skip
    """Where this settlement differs from an earlier one of the same operation and period, and why."""
    after = await _found(tx, subject, id)
    if query.id_other is UNSET:
        before = await store.newest(
            tx, after.sharing_operation_id, after.since, after.till, below=after.version
        )  # fmt: skip
    else:
        before = await store.by_id(tx, after.community_id, query.id_other)
    if before is None or not comparing.are_about_the_same(before, after):
        raise NoEarlierRun
    found = await comparing.compare(tx, files, before, after)
    names = await store.eans(tx, [each.meter_id for each in found])
    return [_difference(each, names[each.meter_id]) for each in found]


@action(
    "GET", "/settlements/{id}/download", scope=READ, answers={200: bytes}, extra=IN_COMMUNITY, wrapped=False,
    faults=(NoSuchSettlement,), answer_media="*/*", name="get_settlements_id_download", tags=TAG,
)  # fmt: skip
async def download(tx: Tx, subject: Subject, id: int, query: DownloadQuery) -> Answer:  # noqa: A002
    """The lines as CSV, workbook or Parquet: one row a meter and local day (Europe/Brussels), in kWh.

    CSV and Parquet have exact decimals; the workbook says what its columns mean on a second sheet.
    """
    run = await _found(tx, subject, id)
    found = await store.lines_of(tx, run.id)
    names = await members.partials(tx, sorted({each.member_id for each in found if each.member_id is not None}))
    table = exports.frame(
        found, await store.eans(tx, [each.meter_id for each in found]), {key: each.name for key, each in names.items()}
    )
    name = f"settlement-{run.sharing_operation_id}-{run.since}-{run.till}-v{run.version}.{query.format}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Answer(exports.rendered(table, query.format), headers=headers, media_type=exports.MEDIA[query.format])


async def _found(tx: Tx, subject: Subject, settlement_id: int) -> store.Run:
    run = await store.by_id(tx, standing_of(subject).community_id, settlement_id)
    if run is None:
        raise NoSuchSettlement
    return run


async def _detail(tx: Tx, run: store.Run) -> Settlement:
    found = await store.lines_of(tx, run.id)
    total, by_member = rules.total(found), rules.by_member(found)
    names = await members.partials(tx, [each for each in by_member if each is not None])
    present = await store.eans(tx, [each.meter_id for each in found])
    return Settlement(
        id=run.id,
        sharing_operation=OperationPartial(run.sharing_operation_id, run.operation_name, run.operation_type),  # type: ignore[arg-type]
        date_start=dates.shown(run.since),
        date_end=dates.shown(run.till),
        version=run.version,
        as_of=run.as_of,
        created_at=run.created_at,
        totals=Sums.of(total),
        sharing_rate=rules.rate(total.shared, total.injected_gross),
        self_sufficiency=rules.rate(total.shared, total.gross),
        missing_count=sum(each.missing for each in found),
        inputs_digest=run.inputs_digest.hex(),
        keys=[settling.key_shown(each) for each in run.keys],
        members=[
            MemberSums(Sums.of(amounts), names.get(member, UNSET) if member is not None else UNSET)
            for member, amounts in sorted(by_member.items(), key=lambda pair: (pair[0] is None, pair[0] or 0))
        ],
        unknown_consumers=settling.unknown_consumers(run.keys, present.values()),
    )


def _difference(found: rules.Difference, ean: str) -> DifferenceShown:
    before, after = found.before, found.after
    return DifferenceShown(
        EAN=ean,
        day=found.day,
        reasons=list(found.reasons),
        before=UNSET if before is None else Sums.of(before.amounts),
        after=UNSET if after is None else Sums.of(after.amounts),
        member_before=UNSET if before is None or before.member_id is None else before.member_id,
        member_after=UNSET if after is None or after.member_id is None else after.member_id,
    )
