"""The character sets that a body may be in.

A closed list: Python knows more codecs, and some of them take quadratic time or are no character sets at all. The
names are those that senders use (WHATWG Encoding, "Names and labels"; IANA's character sets).
"""

from collections.abc import Mapping, Sequence

from relay.errors import InvalidParam, UnsupportedMediaType

_NAMES: Mapping[str, Sequence[str]] = {  # Python's codec: the names it comes under, lower case, "-" for "_"
    "utf-8-sig": ("", "utf-8", "utf8"),
    "utf-16": ("utf-16", "utf16"),
    "utf-16-le": ("utf-16le", "utf-16-le"),
    "utf-16-be": ("utf-16be", "utf-16-be"),
    "ascii": ("us-ascii", "ascii"),
    "latin-1": ("iso-8859-1", "iso8859-1", "latin-1", "latin1", "l1"),
    "cp1252": ("windows-1252", "cp1252", "x-cp1252"),
    "shift_jis": ("shift-jis", "sjis", "x-sjis", "ms-kanji"),
    "cp932": ("windows-31j", "cp932"),  # what Windows calls Shift_JIS
    "euc_jp": ("euc-jp", "x-euc-jp"),
    "gb18030": ("gb18030", "gbk", "gb2312", "x-gbk"),  # which holds the other two
    "big5": ("big5", "x-x-big5"),
    "euc_kr": ("euc-kr", "ks-c-5601-1987"),
}
CODECS: Mapping[str, str] = {name: codec for codec, names in _NAMES.items() for name in names}


def codec_of(charset: str) -> str:
    """Name Python's codec for a character set. Raises UnsupportedMediaType for one that is not in the list."""
    codec = CODECS.get(charset.strip().strip("\"'").lower().replace("_", "-"))
    if codec is None:
        raise UnsupportedMediaType("The body's character set can't be read: send UTF-8.")
    return codec


def decode(content: bytes, charset: str) -> str:
    """Decode a body. Raises UnsupportedMediaType, or InvalidParam for a body that is not in its character set."""
    try:
        return content.decode(codec_of(charset))
    except UnicodeError:
        raise InvalidParam("The body is not in the character set that it claims.") from None
