"""What travels when consumption is uploaded."""

from typing import Annotated

from msgspec import Meta, Struct


class ConsumptionUpload(Struct):
    """A file of readings for a sharing operation."""

    id_sharing_operation: int
    file: Annotated[
        str,
        Meta(
            description="The grid operator's workbook (xlsx or xls), or a CSV with the header "
            "`timestamp,ean,direction,gross,shared,net`.",
            extra_json_schema={"format": "binary"},
        ),
    ]
