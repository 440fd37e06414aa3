import base64
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.incoming import issued
from relay.incoming.issued import LONGEST, Issued
from relay.incoming.settings import Settings

FILE = Issued(
    id="5b2c…",
    transfer_method="tool_file",
    type="image",
    name="ente.PNG",
    size=12,
    mime_type="image/png",
    created_at=1_700_000_000,
)


def settings(*keys: str) -> Settings:
    return Settings.read({"api_key": ", ".join(keys)})


OWN = issued.issue(FILE, "quack", "endpoint")


def test_an_id_says_what_it_stands_for() -> None:
    assert issued.find(OWN, settings("quack"), "endpoint") == FILE
    assert FILE.extension == "png"
    assert FILE.as_input() == {"type": "image", "transfer_method": "tool_file", "tool_file_id": "5b2c…"}
    local = replace(FILE, transfer_method="local_file")
    assert local.as_input("custom") == {"type": "custom", "transfer_method": "local_file", "upload_file_id": "5b2c…"}


def test_an_id_can_stand_in_an_address() -> None:
    assert re.fullmatch(r"file-[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}", OWN)


def test_an_id_that_one_of_several_keys_signed_is_good() -> None:
    assert issued.find(OWN, settings("first", "quack"), "endpoint") == FILE


@pytest.mark.parametrize(
    ("id_", "keys", "endpoint"),
    [
        (OWN, ["other"], "endpoint"),
        (OWN, [], "endpoint"),
        (OWN, ["quack"], "another"),
        (OWN[:-1], ["quack"], "endpoint"),
        (OWN + "A", ["quack"], "endpoint"),
        (OWN.partition(".")[0], ["quack"], "endpoint"),
        (OWN.removeprefix("file-"), ["quack"], "endpoint"),
        (f" {OWN}", ["quack"], "endpoint"),
        (f"{OWN}\n", ["quack"], "endpoint"),
        (OWN.partition(".")[0] + "." + "A" * 22, ["quack"], "endpoint"),
        (FILE.id, ["quack"], "endpoint"),
        ("", ["quack"], "endpoint"),
        ("file-" + "A" * 10_000_000, ["quack"], "endpoint"),
        (issued.issue(replace(FILE, transfer_method="datasource_file"), "quack", "endpoint"), ["quack"], "endpoint"),
    ],
    ids=str,
)
def test_no_other_text_is_an_id(id_: str, keys: list[str], endpoint: str) -> None:
    assert issued.find(id_, settings(*keys), endpoint) is None


def test_a_proof_of_something_else_is_none() -> None:
    told, _, proof = issued.issue(FILE, "quack", "endpoint").removeprefix("file-").partition(".")
    forged = base64.urlsafe_b64encode(base64.urlsafe_b64decode(told + "==").replace(b"5b2c", b"6b2c"))
    assert issued.find(f"file-{forged.decode().rstrip('=')}.{proof}", settings("quack"), "endpoint") is None


@given(
    st.builds(
        Issued,
        id=st.text(max_size=80),
        transfer_method=st.sampled_from(["tool_file", "local_file"]),
        type=st.sampled_from(["image", "custom"]),
        name=st.text(st.characters(exclude_categories=["Cs"]), max_size=255),
        size=st.integers(0, 10**9),
        mime_type=st.text(st.characters(codec="ascii"), max_size=100),
        created_at=st.integers(0, 10**11),
    ),
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
)
def test_whatever_it_stands_for_comes_back(file: Issued, key: str) -> None:
    file = replace(file, id=file.id.encode("utf-8", "replace").decode())
    id_ = issued.issue(file, key, "endpoint")
    assert len(id_) <= LONGEST
    assert issued.find(id_, settings(key), "endpoint") == file


def test_a_long_name_is_cut_and_keeps_its_extension() -> None:
    found = issued.find(issued.issue(replace(FILE, name="🦆" * 300 + ".png"), "quack", "e"), settings("quack"), "e")
    assert found
    assert found.name == "🦆" * 251 + ".png"


@given(st.text())
def test_any_text_is_looked_at_without_an_error(text: str) -> None:
    assert issued.find(text, settings("quack"), "endpoint") is None
    assert issued.find(f"file-{text}.{OWN[-22:]}", settings("quack"), "endpoint") is None
