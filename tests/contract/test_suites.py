"""No declared resource without its suite."""

import pytest

from gridloom.app import apis


def test_every_declared_resource_has_a_suite(request: pytest.FixtureRequest) -> None:
    chosen = [arg for arg in request.config.args if not arg.startswith("-")]
    if any("::" in arg or not arg.rstrip("/").endswith("tests") for arg in chosen):
        pytest.skip("only a part of the tests was collected")
    tested = {id(resource) for item in request.session.items if (resource := getattr(item.cls, "resource", None))}  # type: ignore[attr-defined]
    missing = [f"{api.name}: {each!r}" for api in apis() for each in api.resources if id(each) not in tested]
    assert missing == []
