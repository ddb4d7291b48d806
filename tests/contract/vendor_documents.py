"""The vendors' own OpenAPI documents as judges of what is asked and what is answered.

Checked in a request: that the operation exists; the places in its path; every query parameter (known, right in type,
none missing that is required); the body, of which an unknown key fails on every level, also where the document leaves
that open. Checked in an answer: that the operation lists the status, and the whole body: types, enums, formats,
required keys, unknown keys. In paths and queries, numbers and booleans are read from their text.

Not checked: headers, content types, scopes, rate limits, and what a schema cannot say (orders, sums, meanings).

Where a vendor departs from its document, that stands in `VENDORS` with its reason; nothing else passes.
The documents lie outside the repository: in the folder `VENDOR_SPECS`, or in `../shared/specs` beside it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Json = dict[str, Any]
_BESIDE = Path(__file__).parents[3] / "shared" / "specs"
_URI = "urn:vendor"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One document, and where the vendor departs from it.

    Attributes:
        answers_are_closed: Whether a key that an answer's schema does not list fails even without
            `additionalProperties: false`.
        extra_keys: Keys of answers that the document does not list.
        unlike: What else departs: (key, what the document says of it), and the texts that are seen all the same.
        unlisted: Statuses that operations answer without listing them, and their schema; a listed one may use it, too.
        null_keys: Keys of answers that are seen to be `null` though the document gives another type.
    """

    file: str
    answers_are_closed: bool = True
    extra_keys: frozenset[str] = frozenset()
    unlike: dict[tuple[str, str], re.Pattern[str]] = field(default_factory=dict)
    unlisted: dict[int, Json] = field(default_factory=dict)
    null_keys: frozenset[str] = frozenset()


def _standard_error(status: int, *more: str) -> Json:
    texts = {name: {"type": "string"} for name in ("error", "message", *more)}
    return {
        "type": "object",
        "properties": {"statusCode": {"enum": [status]}, **texts},
        "required": ["statusCode", "error", "message"],
        "additionalProperties": False,
    }


_ERROR: Json = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_BATCH_FAILED: Json = {
    "type": "object",
    "properties": {
        "status": {"enum": ["failed"]},
        "error_code": {"type": "string"},
        "error_message": {"type": "string"},
    },
    "required": ["status", "error_code", "error_message"],
    "additionalProperties": False,
}


def _any_of(*schemas: Json) -> Json:
    return {"anyOf": list(schemas)}


# The document's schemas are made of one example each, so that what that example has is never null in them. The
# reference: booleans, counts and urls can be null at any level; rows of the company search are sparse; a person may
# have no title, place, employer, seniority or address; the counters of the form not used are null.
# fmt: off
_APOLLO_NULLS = frozenset([
    "matches", "person", "organization",
    "title", "seniority", "headline", "email", "email_status", "photo_url", "linkedin_url", "city", "state",
    "country", "organization_id", "account_id",
    "id", "first_name", "last_name", "person_id", "organization_name", "present_raw_address", "sanitized_phone",
    "start_date", "end_date",
    "twitter_url", "facebook_url", "logo_url", "alexa_ranking", "phone", "founded_year",
    "industry", "industry_tag_id", "estimated_num_employees", "raw_address", "street_address", "postal_code",
    "seo_description", "annual_revenue", "annual_revenue_printed", "total_funding", "total_funding_printed",
    "latest_funding_round_date", "latest_funding_stage",
    "organization_headcount_six_month_growth", "organization_headcount_twelve_month_growth",
    "organization_headcount_twenty_four_month_growth",
    "total_requested_records", "total_requested_domains", "unique_domains", "unique_records",
])
# fmt: on

VENDORS = {
    "instantly": Vendor(
        file="instantly-v2.openapi.json",
        # The list of accounts adds `tags` to a schema that is closed (`include_tags`).
        extra_keys=frozenset({"tags"}),
        unlike={
            # Recorded: empty text where no date was chosen.
            ("start_date", "format"): re.compile(""),
            ("end_date", "format"): re.compile(""),
            # Observed: sequence, step and variant, not the promised UUID.
            ("stepID", "format"): re.compile(r"\d+_\d+_\d+"),
            # Observed: opaque text, not the promised UUID.
            ("thread_id", "format"): re.compile(r"8a-\w+"),
        },
        # Recorded: schema errors carry a `code`. Observed: 403 has the usual shape; no operation lists it.
        unlisted={400: _standard_error(400, "code"), 403: _standard_error(403), 404: _standard_error(404)},
    ),
    "apollo": Vendor(
        file="apollo-v1.openapi.json",
        answers_are_closed=False,
        null_keys=_APOLLO_NULLS,
        unlisted={
            # Seen of `people/match` without a webhook; the two schemas of the bulk call's 400 describe one shape, so
            # that `oneOf` can never hold.
            400: _any_of(_BATCH_FAILED, _ERROR),
            # Every key may lack a scope, also for operations that do not list the 403.
            403: _ERROR,
            404: _ERROR,
            # Reported: too few credits, in the usual shape; the bulk call's two schemas exclude each other as above.
            422: _any_of(_BATCH_FAILED, _ERROR),
            # Every operation is limited, also those that do not list the 429.
            429: {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, and how its schemas are found.

    Attributes:
        spec: What the document says.
        pointer: Where it says that.
        pattern: Matches the path as it is sent.
        places: The names of the path's places.
    """

    spec: Json
    pointer: str
    pattern: re.Pattern[str]
    places: tuple[str, ...]

    def parameters(self, kind: str) -> dict[str, tuple[Json, str]]:
        """What may stand in the query, or stands in the path, and where its schema is."""
        listed = enumerate(self.spec.get("parameters", []))
        return {each["name"]: (each, f"/parameters/{n}/schema") for n, each in listed if each["in"] == kind}


class Document:
    """One vendor's document, read once."""

    def __init__(self, vendor: Vendor, path: Path) -> None:
        self.vendor = vendor
        contents = orjson.loads(path.read_bytes())
        if vendor.answers_are_closed:
            _close(contents)
        # The prefix stands in the paths of one document, and in the address of the server of another.
        prefix = urlsplit(contents["servers"][0]["url"]).path.rstrip("/")
        operations = []
        for template, methods in contents["paths"].items():
            places = tuple(re.findall(r"{([^}]+)}", template))
            pattern = re.compile("([^/]+)".join(map(re.escape, re.split(r"{[^}]+}", prefix + template))))
            for method, spec in methods.items():
                if isinstance(spec, dict):
                    _close(spec.get("requestBody", {}))
                    pointer = f"#/paths/{template.replace('~', '~0').replace('/', '~1')}/{method}"
                    operations.append((method.upper(), Operation(spec, pointer, pattern, places)))
        # A path without places is meant before one with a place for it.
        self._operations = sorted(operations, key=lambda each: len(each[1].places))
        resource = Resource.from_contents(contents, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(_URI, resource)
        self.validator = cache(self._validator)

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a request."""
        for of_method, operation in self._operations:
            if of_method == method.upper() and operation.pattern.fullmatch(path):
                return operation
        return None

    def _validator(self, pointer: str) -> Draft202012Validator:
        schema = {"$ref": _URI + pointer.replace("{", "%7B").replace("}", "%7D")}
        return Draft202012Validator(schema, registry=self._registry, format_checker=_FORMATS)

    def departures(self, error: ValidationError) -> bool:
        """Whether the vendor itself was seen to do this."""
        # An entry of a list goes by the list's name.
        key = next((each for each in reversed(error.absolute_path) if isinstance(each, str)), "")
        if error.instance is None and error.validator in {"type", "enum"}:
            # OpenAPI 3.0's word for it stands in documents of 3.1, where it means nothing to a validator.
            return error.schema.get("nullable") is True or key in self.vendor.null_keys
        if error.validator == "additionalProperties":
            return not set(error.instance) - set(error.schema.get("properties", ())) - self.vendor.extra_keys
        seen = self.vendor.unlike.get((key, str(error.validator)))
        return seen is not None and isinstance(error.instance, str) and seen.fullmatch(error.instance) is not None


def _close(schema: Any) -> None:
    """Let an object with listed properties have no others, unless the schema says something of them."""
    if isinstance(schema, list):
        for each in schema:
            _close(each)
        return
    if not isinstance(schema, dict):
        return
    for name, each in schema.items():
        # The parts of `allOf` describe one object together, so that none of them knows all keys.
        if name != "allOf":
            _close(each)
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        schema.setdefault("additionalProperties", False)


_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("uuid")
def _is_uuid(value: Any) -> bool:
    return not isinstance(value, str) or _UUID.fullmatch(value) is not None


@_FORMATS.checks("date", raises=ValueError)
def _is_date(value: Any) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: Any) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("email")
def _is_address(value: Any) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[^@\s]+@[^@\s]+", value) is not None


@cache
def _document(vendor: str) -> Document | str:
    folder = Path(os.environ.get("VENDOR_SPECS") or _BESIDE)
    path = folder / VENDORS[vendor].file
    return Document(VENDORS[vendor], path) if path.is_file() else f"no vendor document {path}; set VENDOR_SPECS"


def _opened(vendor: str) -> Document:
    document = _document(vendor)
    if isinstance(document, str):
        pytest.skip(document)
    return document


def _complaints(document: Document, pointer: str, instance: Any) -> list[str]:
    errors = document.validator(pointer).iter_errors(instance)
    return [f"{error.json_path}: {error.message[:300]}" for error in errors if not document.departures(error)]


def _read_text(schema: Json, value: Any) -> Any:
    """What a text in a path or query stands for; the text itself when it is not written as the schema wants."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "array" in kinds:
        values = value if isinstance(value, (list, tuple)) else [value]
        return [_read_text(schema.get("items", {}), each) for each in values]
    if isinstance(value, str) and "string" not in kinds:
        if "boolean" in kinds and value in {"true", "false"}:
            return value == "true"
        if {"integer", "number"} & set(kinds) and re.fullmatch(r"-?\d+(\.\d+)?", value):
            return float(value) if "." in value else int(value)
    return value


def assert_request_conforms(vendor: str, method: str, path: str, query: Any, body: Any) -> None:
    """Fail when the vendor's document does not allow the request.

    Args:
        vendor: `instantly` or `apollo`.
        method: As sent.
        path: As sent, with the prefix and without the query.
        query: Name to text, or to a list of texts for a repeated name; `None`: none was sent.
        body: Decoded; `None`: none was sent.
    """
    document = _opened(vendor)
    operation = document.find(method, path)
    asked = f"{vendor}: {method} {path}"
    assert operation is not None, f"{asked} is not in the vendor's document"
    found = operation.pattern.fullmatch(path)
    values = map(unquote, found.groups() if found else ())
    complaints = []
    for kind, given in (("path", dict(zip(operation.places, values, strict=True))), ("query", dict(query or {}))):
        known = operation.parameters(kind)
        complaints += [f"{kind}: {name} is unknown" for name in given if name not in known]
        complaints += [
            f"{kind}: {name} is missing"
            for name, (each, _) in known.items()
            if each.get("required") and name not in given
        ]
        for name in given.keys() & known.keys():
            schema, pointer = known[name][0]["schema"], operation.pointer + known[name][1]
            told = _complaints(document, pointer, _read_text(schema, given[name]))
            complaints += [f"{kind}: {name}{each.removeprefix('$')}" for each in told]
    content = operation.spec.get("requestBody", {})
    if body is not None and not content:
        complaints.append("body: none is documented")
    elif body is not None:
        told = _complaints(document, f"{operation.pointer}/requestBody/content/application~1json/schema", body)
        complaints += [f"body{each.removeprefix('$')}" for each in told]
    elif content.get("required"):
        complaints.append("body: missing")
    assert not complaints, "\n  ".join([f"{asked} is not what the vendor documents:", *complaints])


def assert_answer_conforms(vendor: str, method: str, path: str, status: int, body: Any) -> None:
    """Fail when the vendor's document does not know such an answer to a request of this method and path."""
    document = _opened(vendor)
    operation = document.find(method, path)
    answered = f"{vendor}: {method} {path} answered {status}"
    listed = operation.spec["responses"].get(str(status)) if operation else None
    complaints = [f"{status} is not listed"]
    if operation and listed is not None:
        complaints = []
        if "schema" in listed.get("content", {}).get("application/json", {}):
            pointer = f"{operation.pointer}/responses/{status}/content/application~1json/schema"
            complaints = _complaints(document, pointer, body)
    usual = document.vendor.unlisted.get(status)
    is_known_shape = operation is not None or status == 404
    if complaints and usual and is_known_shape and Draft202012Validator(usual).is_valid(body):
        complaints = []
    assert not complaints, "\n  ".join([f"{answered}, which is not what the vendor documents:", *complaints])
