"""`POST /files/upload`: a file for the inputs of a call, or for the place beside them.

Source: langgenius/dify, api/controllers/service_api/app/file.py and api/services/file_service.py.
"""

import time
import uuid
from io import BytesIO
from pathlib import PurePosixPath

from starlette.responses import JSONResponse, Response
from werkzeug.formparser import parse_form_data

from workspace.apps.app import Refused
from workspace.service_api.asked import NOBODY, Asked
from workspace.service_api.records import Owner, Records
from workspace.storage import StoredFile

_KINDS = frozenset({"image", "audio", "video"})


async def upload(asked: Asked, records: Records) -> Response:
    """Keep the part `file` of a multipart form for the user in its field `user`. Raises Refused."""
    body = await asked.request.body()
    _, fields, parts = parse_form_data(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": asked.request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
    )
    part = parts.get("file")
    if part is None:
        raise Refused(400, "no_file_uploaded", "Please upload your file.")
    if sum(len(same) for same in parts.listvalues()) > 1:
        raise Refused(400, "too_many_files", "Only one file is allowed.")
    if not part.filename:
        raise Refused(400, "filename_not_exists_error", "The specified filename does not exist.")
    if not part.mimetype:
        raise Refused(415, "unsupported_file_type", "File type not allowed.")
    file = StoredFile(part.filename, part.mimetype, part.read())
    await _check_size(asked, file)
    user = fields.get("user") or NOBODY
    told = {
        "id": records.upload(file, Owner(asked.app_id, user)),
        "name": file.name,
        "size": len(file.body),
        "extension": PurePosixPath(file.name).suffix.removeprefix(".").lower(),
        "mime_type": file.media_type,
        "created_by": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{asked.app_id}/{user}")),
        "created_at": int(time.time()),
        "preview_url": None,
    }
    return JSONResponse(told, 201)


async def _check_size(asked: Asked, file: StoredFile) -> None:
    limits = (await asked.app.parameters()).get("system_parameters") or {}
    kind = file.media_type.partition("/")[0]
    mib = limits.get(f"{kind}_file_size_limit" if kind in _KINDS else "file_size_limit")
    if mib is not None and len(file.body) > mib * 1024 * 1024:
        raise Refused(413, "file_too_large", "File size exceeded.")
