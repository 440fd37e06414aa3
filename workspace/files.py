"""`/files`: where the plugin uploads files to, and where they can be fetched again.

Source: Dify's api/controllers/files/upload.py (`POST /files/upload/for-plugin`: 201 and the file's data).
"""

from io import BytesIO
from mimetypes import guess_extension
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from werkzeug.formparser import parse_form_data

from workspace.storage import Database, StoredFile

_UPLOAD = "upload"


def address(base_url: str, filename: str, media_type: str) -> str:
    """Return where a file may be posted. In Dify's own address a signature stands for both."""
    return f"{base_url}/files/{_UPLOAD}?{urlencode({'filename': filename, 'mimetype': media_type})}"


class Files:
    """The handlers below `/files`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        return [
            Route(f"/{_UPLOAD}", self.upload, methods=["POST"]),
            Route("/{name}", self.download, methods=["GET"]),
        ]

    async def upload(self, request: Request) -> Response:
        """Keep the part `file` of a multipart form, if it is the file that was asked for."""
        body = await request.body()
        _, _, parts = parse_form_data(
            {
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": request.headers.get("content-type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": BytesIO(body),
            }
        )
        part = parts.get("file")
        if part is None:
            return JSONResponse(
                {"code": "no_file_uploaded", "message": "Please upload your file.", "status": 400}, 400
            )
        announced = (request.query_params.get("filename"), request.query_params.get("mimetype"))
        if not part.filename or not part.mimetype or announced != (part.filename, part.mimetype):
            return JSONResponse({"code": "forbidden", "message": "Invalid request.", "status": 403}, 403)
        file = StoredFile(part.filename, part.mimetype, part.read())
        file_id = self._database.add_file(file)
        return JSONResponse(self._described(file_id, file, str(request.base_url)), 201)

    def _described(self, file_id: str, file: StoredFile, base_url: str) -> dict[str, Any]:
        return {
            "id": file_id,
            "name": file.name,
            "size": len(file.body),
            "extension": guess_extension(file.media_type) or ".bin",
            "mime_type": file.media_type,
            "preview_url": f"{base_url.rstrip('/')}/files/{file_id}",
        }

    async def download(self, request: Request) -> Response:
        """Answer an uploaded file by its id; never as a page, whatever it is."""
        file = self._database.file(request.path_params["name"])
        if file is None:
            return Response("no such file", 404)
        return Response(
            file.body,
            headers={"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"},
            media_type=file.media_type,
        )
