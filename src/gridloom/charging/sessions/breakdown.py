"""Lines and details of a price as they are kept: the wire's names, decimals as text so that not a digit is lost. No I/O."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gridloom.charging.pricing.engine.public import Line, PricingDetails, Taxed
from gridloom.charging.sessions.amounts import Details, PriceLine, TaxedAmount

_AS_KEPT = msgspec.json.Encoder(decimal_format="string")


def lines_of(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Lines as a column `price_breakdown` keeps them."""
    return [_kept(_line(each)) for each in lines]


def details_of(details: PricingDetails) -> dict[str, Any]:
    """Details as a column `pricing_details` keeps them; what has nothing to say is left out."""
    shown = {name: getattr(details, name) for name in details.__struct_fields__}
    for name in ("start_hour", "end_hour"):
        if shown[name] is not None:
            shown[name] = f"{shown[name]:%H:%M}"
    kept: dict[str, Any] = _kept(Details(**{name: value for name, value in shown.items() if value is not None}))
    return kept


def _line(line: Line) -> PriceLine:
    return PriceLine(
        type=line.type.value,
        currency=line.currency,
        unit=line.unit,
        price_per_unit=taxed(line.price_per_unit),
        quantity=line.quantity,
        price=taxed(line.price),
        tax_percentage=line.tax_percentage,
    )


def taxed(amount: Taxed) -> TaxedAmount:
    """An amount of the engine as it travels."""
    return TaxedAmount(with_tax=amount.with_tax, without_tax=amount.without_tax)


def lines_from(kept: Iterable[Mapping[str, Any]]) -> list[PriceLine]:
    """Lines as they were kept."""
    return msgspec.convert(list(kept), list[PriceLine])


def details_from(kept: Mapping[str, Any]) -> Details:
    """Details as they were kept."""
    return msgspec.convert(kept, Details)


def _kept(value: Any) -> Any:
    return msgspec.json.decode(_AS_KEPT.encode(value))
