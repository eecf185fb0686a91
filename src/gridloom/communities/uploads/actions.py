"""Uploading the readings of a sharing operation."""

from gridloom.communities import texts
from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.numbers import Numbered
from gridloom.communities.uploads.faults import (
    NoMeterOfOperation,
    NoSuchOperation,
    WrongFile,
    WrongForm,
    file_missing,
    file_too_large,
    operation_not_named,
)
from gridloom.communities.uploads.intake import Intake
from gridloom.communities.uploads.schemas import ConsumptionUpload
from gridloom.kernel.errors import TooLarge
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.forms import SentFile, SentForm
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject

DONE = "success"
# What a form holds around its file.
_AROUND_BYTES = 100_000
_MAX_ID = 2**63 - 1


@action(
    "POST", "/sharing_operations/consumptions", scope="communities.sharing_operations:write", answers={200: str},
    faults=(WrongFile, NoMeterOfOperation, NoSuchOperation), form=ConsumptionUpload, media="multipart/form-data",
    extra=IN_COMMUNITY, documented=(415,), name="post_sharing_operations_consumptions", tags=("SharingOperations",),
)  # fmt: skip
async def upload(subject: Subject, call: Call, intake: Intake) -> str:
    """Upload the readings of the meters of a sharing operation: the grid operator's workbook, or a CSV.

    Everything is taken, or nothing. Only meters that were ever in the operation count, others are passed over. A file that says
    nothing new changes nothing; one that corrects an earlier one makes a new version, and the earlier values are kept. What was
    shared is taken from the file where it says so, and computed with the key of the day where it does not.

    The workbook (xlsx or xls, at most 5,000,000 bytes) has the sheets `Brut Rep`, `Partagé Rep` and `Net Rep`. The CSV has the
    header `timestamp,ean,direction,gross,shared,net`, separated by commas or semicolons; the direction is `consumption` or
    `injection`, shared and net may be left out. Energy is in kWh. Times are the beginnings of quarters of an hour, or of
    hours; without a zone they are the clock on the wall in Brussels.
    """
    try:
        async with call.sent_form(intake.max_bytes + _AROUND_BYTES) as form:
            operation_id, file = _sent(form)
            await intake.take(subject, standing_of(subject).community_id, operation_id, file)
    except TooLarge:
        raise WrongForm(file_too_large()) from None
    except WrongFile as fault:
        fault.speak(texts.language(call.headers.get("accept-language", "")))
        raise
    return DONE


def _sent(form: SentForm) -> tuple[int, SentFile]:
    errors: list[Numbered] = []
    written = form.fields.get("id_sharing_operation", "").strip()
    number = int(written) if written.isascii() and written.isdigit() and len(written) < 20 else None
    if number is None or number > _MAX_ID:
        errors.append(operation_not_named())
    file = form.files.get("file")
    if file is None:
        errors.append(file_missing())
    if errors or number is None or file is None:
        raise WrongForm(*errors)
    return number, file
