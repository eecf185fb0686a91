"""Declared resources of vendors and models; each has an older path, which only knows numbered pages."""

from typing import Any

from gridloom.charging.stations.faults import StillInUse
from gridloom.charging.stations.hardware.schemas import Model, ModelPatch, ModelWrite, Vendor, VendorPatch, VendorWrite
from gridloom.charging.stations.hardware.tables import charge_point_model, charge_point_vendor
from gridloom.charging.writing import ignored
from gridloom.kernel.http.filters import equals
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Resource


def _names(one: str, many: str, end: str = "", *, deprecated: bool = False) -> dict[Any, Named]:
    def named(verb: str) -> Named:
        return Named(f"{many if verb == 'Listing' else one}{verb}{end}", deprecated=deprecated)

    verbs = {"list": "Listing", "create": "Create", "read": "Read", "update": "Update", "delete": "Delete"}
    return {verb: named(word) for verb, word in verbs.items()}


def _vendors(path: str, title: str, pages: Pages, names: dict[Any, Named]) -> Resource:
    return Resource(
        charge_point_vendor,
        path,
        item="vendorId",
        title=title,
        shows=Vendor,
        creates=VendorWrite,
        updates=VendorPatch,
        scope="charging.charge-point-vendors",
        pages=pages,
        writes={"id": ignored},
        in_use=StillInUse,
        tags=("resource / charge point vendors",),
        names=names,
        documented={"create": (422,), "update": (422,), "delete": (422,)},
    )


def _models(path: str, title: str, pages: Pages, names: dict[Any, Named]) -> Resource:
    return Resource(
        charge_point_model,
        path,
        item="modelId",
        title=title,
        shows=Model,
        creates=ModelWrite,
        updates=ModelPatch,
        scope="charging.charge-point-models",
        pages=pages,
        filters={"vendorId": equals(charge_point_model.c.vendor_id)},
        in_use=StillInUse,
        tags=("resource / charge point models",),
        names=names,
        documented={"create": (422,), "update": (422,), "delete": (422,)},
    )


BOTH = Pages.CURSOR | Pages.NUMBER
vendors = _vendors("charge-point-vendors/v1.0", "Vendor", BOTH, _names("chargePointVendor", "chargePointVendors"))
cp_vendors = _vendors(
    "cp-vendors/v1.0", "CpVendor", Pages.NUMBER,
    _names("chargePointVendor", "chargePointVendors", "Deprecated", deprecated=True),
)  # fmt: skip
models = _models("charge-point-models/v1.0", "Model", BOTH, _names("chargePointModel", "chargePointModels"))
cp_models = _models(
    "cp-models/v1.0", "CpModel", Pages.NUMBER,
    _names("chargePointModel", "chargePointModels", "Deprecated", deprecated=True),
)  # fmt: skip
