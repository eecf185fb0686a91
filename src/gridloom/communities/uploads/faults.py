"""What this module refuses.

A `WrongFile` says where in the file it is; its sentences have gaps, which are filled in the caller's language.
"""

from typing import ClassVar, NamedTuple

from gridloom.communities import texts
from gridloom.communities.faults import Refused
from gridloom.communities.numbers import FILE, INTEGER, Numbered
from gridloom.kernel.errors import FieldError, Invalid

# A sentence that `texts.py` does not have: what stands in the fault is said as it is.
_AS_IT_IS = "upload_as_it_is"


def shortened(text: str, longest: int = 60) -> str:
    """What somebody wrote, in a sentence."""
    return text if len(text) <= longest else f"{text[: longest - 3]}…"


class NoSuchOperation(Refused):
    """There is no such sharing operation in the community."""

    code = "upload_without_operation"
    number = 70009
    says = "upload_without_operation"


class NoMeterOfOperation(Refused):
    """No meter in the file was in the sharing operation, ever or on the days of its values, or none at all was."""

    code = "no_meter_of_operation"
    number = 70001
    says: str = "operation_without_meters"

    def __init__(self, ean: str = "", *, says: str = "no_meter_of_operation") -> None:
        """ean: the first one in the file; "" where the operation never had a meter. says: the sentence with the EAN."""
        super().__init__()
        self.words = {"ean": shortened(ean)}
        if ean:
            self.says = says


class WrongForm(Invalid):
    """A field of the form is missing or wrong."""

    def __init__(self, *errors: Numbered) -> None:
        super().__init__(errors=errors)


def operation_not_named(*, is_there: bool) -> Numbered:
    """`id_sharing_operation` is missing, or no whole number."""
    says = INTEGER if is_there else "missing"
    return Numbered("body", ("id_sharing_operation",), "Expected a whole number.", number=INTEGER, says=says)


def file_missing(*, is_there: bool) -> Numbered:
    """There is no file, or something else in its place."""
    return Numbered("body", ("file",), "Expected a file.", number=75003, says=FILE if is_there else "missing")


def file_twice() -> Numbered:
    """There is more than one file."""
    return Numbered("body", ("file",), "Expected one file.", number=75003, says="upload_file_twice")


def file_empty() -> Numbered:
    """There is nothing in the file."""
    return Numbered("body", ("file",), "The file is empty.", number=75003, says="upload_empty")


def file_too_large() -> Numbered:
    """The file is larger than one of its kind may be."""
    return Numbered("body", ("file",), "The file is too large.", number=75003, says="too_big")


def wrong_kind() -> Numbered:
    """The file is no workbook and no CSV: by its name, its media type or what is in it."""
    return Numbered("body", ("file",), "Expected a workbook or a CSV.", number=75004, says="upload_of_wrong_kind")


class Place(NamedTuple):
    """Where in a file something is: a row of a CSV, or a sheet with perhaps a row (from 1) and a column (letters) in it."""

    sheet: str = ""
    row: int = 0
    column: str = ""

    @property
    def says(self) -> str:
        """The words of it, see `texts.py`; "" for the file as a whole."""
        if not self.sheet:
            return "upload_in_row" if self.row else ""
        if not self.row:
            return "upload_in_sheet"
        return "upload_in_cell" if self.column else "upload_in_sheet_row"


class WrongFile(Invalid):
    """What stands in the file cannot be taken. says: a sentence of `texts.py`; words fill its gaps."""

    status = 400
    code = "wrong_upload"
    number: ClassVar[int] = 70000

    def __init__(self, says: str, place: Place | None = None, **words: object) -> None:
        self.says = says
        self.place = place or Place()
        self.words = words
        super().__init__(self.spoken(texts.DEFAULT), errors=self._errors(texts.DEFAULT))

    def speak(self, speech: str) -> None:
        """Say it in this language from now on."""
        self.errors = self._errors(speech)

    def spoken(self, speech: str) -> str:
        """The refusal in a language, with its place before it."""
        sentence = (texts.said(self.says, speech) or self.says).format(**self.words)
        where = texts.said(self.place.says, speech) if self.place.says else None
        return sentence if where is None else f"{where.format(**self.place._asdict())}: {sentence}"

    def _errors(self, speech: str) -> list[FieldError]:
        return [Numbered("body", ("file",), self.spoken(speech), number=self.number, says=_AS_IT_IS)]


class WrongTime(WrongFile):
    """The same about a time."""

    number: ClassVar[int] = 70001
