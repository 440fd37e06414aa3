"""The description says what the plugin declares and the code reads."""

import time

from openapi_spec_validator import validate

from relay import errors
from relay.host import Host
from relay.incoming.fields import FIELDS
from relay.later.account import State, Step
from relay.later.check import Check, Status
from relay.later.shown import Shown
from relay.openapi import FIELD_SCHEMAS, describe, respond
from relay.outgoing.formats.table import FORMATS
from relay.routes import ROUTES
from relay.version import VERSION
from tests.requests import request
from tests.test_manifest import MANIFEST

METHODS = {"get", "post", "head", "options", "delete"}
# the description itself, and other people's APIs, which they describe
ELSEWHERE = {"endpoints/openapi.py", "endpoints/openai.py", "endpoints/service_api.py"}


def test_it_is_valid_openapi() -> None:
    validate(describe())


def test_its_routes_are_those_that_the_plugin_declares() -> None:
    declared = {
        (route.path.replace("<", "{").replace(">", "}"), method.lower())
        for route in ROUTES
        for method in route.methods
        if route.source not in ELSEWHERE and not route.path.endswith("/run")
    }
    described = {
        (path, method) for path, operations in describe()["paths"].items() for method in METHODS & set(operations)
    }
    # HEAD is not declared: the SDK's router gives it to whatever answers GET
    assert described == declared | {(path, "head") for path, method in declared if method == "get"}


def test_its_deliveries_have_what_the_routes_give() -> None:
    shown = Shown(id="5d0e", state="done", accepted=1.0, steps=[Step(at=1.0, what="accepted")])
    check = Check(name="API key", status=Status.OK, sentence="A key is set.")
    schemas = describe()["components"]["schemas"]
    assert set(schemas["Row"]["required"]) == set(shown.as_row("u"))
    assert set(schemas["Delivery"]["required"]) == set(shown.as_dict("u"))
    step = schemas["Delivery"]["properties"]["steps"]["items"]["required"]
    assert step == [*shown.as_dict("u")["steps"][0]]
    assert schemas["Check"]["required"] == [*check.as_dict()]
    assert schemas["Delivery"]["properties"]["state"]["enum"] == [*State]


def test_its_fields_forms_and_version_are_those_of_the_plugin() -> None:
    description = describe()
    assert set(FIELD_SCHEMAS) == FIELDS
    assert set(description["components"]["parameters"]) == FIELDS | {"others", "Prefer"}
    assert description["components"]["parameters"]["format"]["schema"]["enum"] == list(FORMATS)
    assert description["info"]["version"] == VERSION == MANIFEST["version"]


def test_a_field_may_be_for_one_input_that_takes_files() -> None:
    call = describe()["components"]["requestBodies"]["Call"]["content"]["application/json"]["schema"]
    assert [*call["patternProperties"]] == [r"^files\."]
    assert call["patternProperties"][r"^files\."]["anyOf"] == FIELD_SCHEMAS["files"]["anyOf"]


def test_it_has_a_response_for_every_error() -> None:
    described = describe()["components"]["responses"]
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, errors.RelayError):
            assert error.code in described[f"Error{int(error.status)}"]["description"].split(", ")


def test_it_has_no_error_of_another_api_whoever_has_imported_that() -> None:
    class Elsewhere(errors.InvalidParam):
        code = "of_another_api"

    assert Elsewhere.code not in describe()["components"]["schemas"]["Error"]["properties"]["code"]["enum"]


def test_it_is_served_whatever_the_settings_are() -> None:
    for settings in ({}, {"access": "nonsense"}, {"api_key": None}):
        assert (
            respond(request("/openapi.json"), settings, host=Host(clock=time.time, elapsed=time.monotonic)).get_json()
            == describe()
        )
