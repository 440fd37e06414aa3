"""What a file is: its media type, its name, and as what Dify takes it.

Sources: Dify's api/constants (which extension is which type) and api/factories/file_factory (what counts when).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from mimetypes import MimeTypes
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import filetype

from relay.call import Upload

UNKNOWN = "application/octet-stream"
LONGEST_NAME = 200  # characters of a filename: Dify cuts longer ones at their first dot
_LOOKED_AT = 8 * 1024  # bytes
_LONGEST_READ = 1000  # characters of a filename
_LONGEST_SUFFIX = 16  # characters
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,120}", re.ASCII)

# what Dify takes by an extension; documents also such as a Dify with ETL_TYPE=Unstructured takes
EXTENSIONS: Mapping[str, frozenset[str]] = {
    kind: frozenset(names.split())
    for kind, names in {
        "image": "jpg jpeg png webp gif svg",
        "video": "mp4 mov mpeg webm",
        "audio": "mp3 m4a wav amr mpga",
        "document": (
            "txt markdown md mdx pdf html htm xlsx xls vtt properties doc docx csv eml msg ppt pptx xml epub"
        ),
    }.items()
}
_BY_EXTENSION = {extension: kind for kind, names in EXTENSIONS.items() for extension in names}

_MICROSOFT, _OFFICE = "application/vnd.ms-", "application/vnd.openxmlformats-officedocument."
# the standard library's own table, whatever the machine's says, and what it lacks
_TABLE = MimeTypes()
for _extension, _media_type in {
    ".docx": f"{_OFFICE}wordprocessingml.document",
    ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}presentationml.presentation",
    ".msg": f"{_MICROSOFT}outlook",
    ".epub": "application/epub+zip",
    ".md": "text/markdown",
    ".mdx": "text/markdown",
    ".markdown": "text/markdown",
    ".properties": "text/plain",
    ".vtt": "text/vtt",
    ".webp": "image/webp",
    ".m4a": "audio/mp4",
    ".mpga": "audio/mpeg",
    ".amr": "audio/amr",
    ".jpg": "image/jpeg",
    ".txt": "text/plain",
}.items():
    _TABLE.add_type(_media_type, _extension)

# one container holds sound, moving pictures or both: which of them it is, its first bytes do not tell
_CONTAINERS = frozenset({"mp4", "m4a", "m4v", "mov", "3gp", "ogg", "webm", "mkv", "wmv"})
_TIMED = frozenset({"audio", "video"})
_FAMILIES = _TIMED | {"image"}
# formats that begin as text does; all others have bytes that no text has
_TEXTS = frozenset({"pdf", "rtf", "ps"})
_NO_TEXT = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


def settle(upload: Upload) -> Upload:
    """Give a file the name and the media type that it goes under.

    A type that is missing, says nothing, or is plainly wrong is told by the file's first bytes, else by its name.
    """
    found, extension = _look(upload.content)
    claimed = upload.mimetype.partition(";")[0].strip().lower()
    if not _TYPE.fullmatch(claimed) or claimed == UNKNOWN:
        claimed = ""
    name = _plain(upload.filename)
    if found and (not claimed or not _plausible(claimed, found, extension)):
        media_type = found
    else:
        media_type = claimed or _TABLE.guess_type(f"x{_suffix(name)}", strict=False)[0] or UNKNOWN
        extension = ""
    if not name:
        suffix = f".{extension}" if extension else _TABLE.guess_extension(media_type, strict=False) or ".bin"
        name = f"file{suffix}"
    return replace(upload, filename=name, mimetype=media_type)


def extension_of(filename: str, media_type: str) -> str:
    """Give a file's extension, lower case, without its dot: the name's, else the media type's; "" for neither."""
    return (_suffix(filename) or _TABLE.guess_extension(media_type, strict=False) or "")[1:].lower()


def kind_of(extension: str, media_type: str, *, keyed: bool = False) -> str:
    """Tell as what Dify takes a file: image, document, audio or video; custom is whatever is none of these.

    The media type goes first, for it may come from the file itself; Dify asks the extension first. Where it compares
    what it is told with that, as for an app that is `keyed`, sound in a container of pictures is what its name says.
    """
    if media_type == "application/pdf":
        return "document"
    family, named = media_type.partition("/")[0], _BY_EXTENSION.get(extension)
    if keyed and named in _TIMED and family in _TIMED:
        return named
    if family in _FAMILIES:
        return family
    return named or ("document" if family == "text" else "custom")


def name_in(url: str) -> str:
    """Give the filename in an address, "" for none. Raises nothing."""
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).name
    except ValueError:
        return ""


def _look(content: bytes) -> tuple[str, str]:
    """Give the media type and the extension that the first bytes tell; "" for both when they tell nothing."""
    head = content[:_LOOKED_AT]
    found = filetype.guess(head)  # type: ignore[no-untyped-call]
    if found is None or found.mime == UNKNOWN:
        return "", ""
    if found.extension not in _TEXTS and not set(head[:512]).intersection(_NO_TEXT):
        return "", ""  # "BMW" is no picture
    return found.mime, found.extension


def _plausible(claimed: str, found: str, extension: str) -> bool:
    """Tell whether a file may well be what was claimed, although its bytes say something else."""
    family, seen = claimed.partition("/")[0], found.partition("/")[0]
    if family == seen or claimed.partition("/")[2] == found.partition("/")[2]:
        return True
    if extension in _CONTAINERS and family in {"audio", "video", "application"}:
        return True
    return family not in {*_FAMILIES, "text"} and seen not in _FAMILIES


def _plain(filename: str) -> str:
    """Give a name that every system takes: no folders, nothing that can't be seen, not too long.

    No quotation marks either: Dify refuses a name that is not the one it signed, and not every reader of a form's
    headers gives them back as they were.
    """
    # cut first: of a name in JSON each of ten million characters may be a slash
    name = re.split(r"[/\\]", filename[-_LONGEST_READ:])[-1].encode("utf-8", "replace").decode()
    name = "".join(character for character in name if character.isprintable() and character != '"').strip()
    if name.strip(".") == "":
        return ""
    suffix = _suffix(name)
    return name[: LONGEST_NAME - len(suffix)] + suffix if len(name) > LONGEST_NAME else name


def _suffix(filename: str) -> str:
    suffix = PurePosixPath(filename).suffix
    return suffix if len(suffix) <= _LONGEST_SUFFIX else ""
