"""POST files/upload: a file that messages to this app may name afterwards."""

from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from relay.client import Client
from relay.errors import InvalidParam, PayloadTooLarge, RelayError, UnsupportedMediaType
from relay.incoming import service
from relay.outgoing.response import of_json


class NoFileUploaded(InvalidParam):
    code = "no_file_uploaded"


class TooManyFiles(InvalidParam):
    code = "too_many_files"


class FileTooLarge(PayloadTooLarge):
    code = "file_too_large"


class UnsupportedFileType(UnsupportedMediaType):
    code = "unsupported_file_type"


# Dify's codes where the relay's own routes have others
CODES: Mapping[type[RelayError], type[RelayError]] = {
    PayloadTooLarge: FileTooLarge,
    UnsupportedMediaType: UnsupportedFileType,
}


def upload(client: Client, _: Mapping[str, Any]) -> Response:
    """Hand a file to Dify, and give the id that stands for it. Raises RelayError.

    Whoever may call, only a holder of the key stores anything: an id is signed by it.
    """
    received = client.received
    key = client.key()
    app_id = client.app_id("")
    try:
        content = received.content
        user = service.user(content.values or {})
        if not content.uploads:
            raise NoFileUploaded("Please upload your file: as the part file of a multipart/form-data body.")
        if len(content.uploads) > 1:
            raise TooManyFiles("Only one file is allowed.")
        id_, stored = client.hand_over(content.uploads[0], key, app_id=app_id, user=user or None)
    except RelayError as error:
        if code := CODES.get(type(error)):
            raise code(error.message) from error
        raise
    told = {
        "id": id_,
        "name": stored.name,
        "size": stored.size,
        "extension": stored.extension,
        "mime_type": stored.mime_type,
        "created_by": user or None,
        "created_at": stored.created_at,
    }
    return of_json(told, 201)
