"""Uploading the readings of a sharing operation."""

from gridloom.communities import headers, texts
from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.numbers import Numbered
from gridloom.communities.uploads.faults import (
    NoMeterOfOperation,
    NoSuchOperation,
    WrongFile,
    WrongForm,
    file_missing,
    file_too_large,
    file_twice,
    operation_not_named,
)
from gridloom.communities.uploads.intake import Intake, Taken
from gridloom.communities.uploads.schemas import ConsumptionUpload
from gridloom.kernel.errors import TooLarge
from gridloom.kernel.http.call import Answer, Call
from gridloom.kernel.http.forms import SentFile, SentForm
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject

DONE = "success"
HEADERS = VERSION, VALUES, NEW, SKIPPED, EANS = (
    "x-upload-version", "x-values", "x-new-values", "x-skipped-values", "x-skipped-eans",
)  # fmt: skip
# What a form holds around its file.
_AROUND_BYTES = 100_000
_MAX_ID = 2**63 - 1


@action(
    "POST", "/sharing_operations/consumptions", scope="communities.sharing_operations:write", answers={200: str},
    faults=(WrongFile, NoMeterOfOperation, NoSuchOperation), form=ConsumptionUpload, media="multipart/form-data",
    extra=IN_COMMUNITY, documented=(415,), headers_out={200: HEADERS}, name="post_sharing_operations_consumptions",
    tags=("SharingOperations",),
)  # fmt: skip
async def upload(subject: Subject, call: Call, intake: Intake) -> Answer:
    """Upload the readings of the meters of a sharing operation: the grid operator's workbook, or a CSV.

    Everything is taken, or nothing. Values of meters that are in the operation on that day count, whatever their status;
    others are passed over. A file that says nothing new changes nothing; one that corrects an earlier one makes a new
    version, and the earlier values are kept. What was shared is taken from the file where it says so, and computed with the
    key of the day where it does not.

    The workbook (xlsx or xls, at most 5,000,000 bytes) has the sheets `Brut Rep`, `Partagé Rep` and `Net Rep`; the last two
    may be left out together. The CSV (at most 20 million rows) has the header `timestamp,ean,direction,gross,shared,net`,
    separated by commas or semicolons; the direction is `consumption` or `injection`, shared and net may be left out. Energy
    is in kWh. Times are the beginnings of quarters of an hour, or of hours; without a zone they are the clock on the wall in
    Brussels. With semicolons a day may also be written 31/12/2026, day first. Times more than a day ahead are refused.

    The headers of the answer say what became of the file: `x-values` (of meters that count), `x-new-values` (those that said
    something new), `x-upload-version` (only when there were any), `x-skipped-values` (of meters that were not in the
    operation on that day) and `x-skipped-eans` (the first 20 of these, percent-encoded; only when there are any).
    """
    try:
        async with call.sent_form(intake.max_bytes + _AROUND_BYTES) as form:
            operation_id, file = _sent(form)
            taken = await intake.take(subject, standing_of(subject).community_id, operation_id, file)
    except TooLarge:
        raise WrongForm(file_too_large()) from None
    except WrongFile as fault:
        fault.speak(texts.language(call.headers.get("accept-language", "")))
        raise
    return Answer(DONE, headers=_told(taken))


def _told(taken: Taken) -> dict[str, str]:
    said = {VALUES: taken.value_count, NEW: taken.new_count, SKIPPED: taken.skipped_count}
    told = {name: str(number) for name, number in said.items()}
    if taken.version is not None:
        told[VERSION] = str(taken.version)
    if taken.skipped:
        told[EANS] = headers.listed(taken.skipped)
    return told


def _sent(form: SentForm) -> tuple[int, SentFile]:
    errors: list[Numbered] = []
    written = form.fields.get("id_sharing_operation", "").strip()
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 20 else None
    if number is None or number > _MAX_ID:
        errors.append(operation_not_named(is_there=bool(written)))
    file = form.files.get("file")
    if file is None:
        errors.append(file_missing(is_there="file" in form.fields))
    elif "file" in form.repeated:
        errors.append(file_twice())
    if errors or number is None or file is None:
        raise WrongForm(*errors)
    return number, file
