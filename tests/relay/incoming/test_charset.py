import encodings.aliases

import pytest

from relay.errors import InvalidParam, UnsupportedMediaType
from relay.incoming.charset import CODECS, decode


@pytest.mark.parametrize(
    ("charset", "encoding", "text"),
    [
        ("", "utf-8", "Ente 🦆"),
        ("UTF-8", "utf-8-sig", "Ente 🦆"),
        ('"utf-8"', "utf-8", "Ente"),
        ("utf-16", "utf-16", "Ente 🦆"),
        ("UTF-16LE", "utf-16-le", "Ente"),
        ("us-ascii", "ascii", "duck"),
        ("ISO-8859-1", "latin-1", "Gänse"),
        ("windows-1252", "cp1252", "5 €"),
        ("Shift_JIS", "shift_jis", "あひる"),
        ("EUC-JP", "euc_jp", "あひる"),
        ("gb18030", "gb18030", "鸭子"),
        ("Big5", "big5", "鴨子"),
        ("euc-kr", "euc_kr", "오리"),
    ],
)
def test_what_senders_use_is_read(charset: str, encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), charset) == text


@pytest.mark.parametrize(
    "charset", ["punycode", "idna", "utf-7", "unicode_escape", "rot13", "hex", "zlib", "klingon"]
)
def test_a_codec_that_is_no_character_set_of_the_list_is_never_run(charset: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="send UTF-8"):
        decode(b"duck", charset)


def test_of_all_that_python_knows_only_the_list_is_taken() -> None:
    taken = set()
    for name in {*encodings.aliases.aliases, *encodings.aliases.aliases.values()}:
        try:
            decode(b"", name)
        except UnsupportedMediaType:
            continue
        taken.add(CODECS[name.replace("_", "-")])
    assert taken <= set(CODECS.values())
    assert taken.isdisjoint({"punycode", "idna", "utf_7", "unicode_escape", "raw_unicode_escape", "mbcs"})


def test_a_body_that_is_not_in_its_character_set_is_refused() -> None:
    for content, charset in ((b"\xff", "utf-8"), (b"\xe4", "ascii"), (b"\x00\xd8", "utf-16le")):
        with pytest.raises(InvalidParam, match="character set"):
            decode(content, charset)
