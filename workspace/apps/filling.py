"""What scripted apps fill their messages with: text that compresses as an app's own does, the same in every run."""

import base64
from collections.abc import Callable, Mapping
from functools import cache
from itertools import accumulate
from random import Random

_LENGTH = 256 * 1024  # characters: what comes again is out of gzip's reach, which is 32 KiB
_SEED = 17
_VOCABULARY = """
the of and to in a is that it was for on are as with his they at be this from have or by one had not but what all
were when we there can an your which their said if do will each about how up out them then she many some so these
would other into has more her two like him see time could no make than first been its who now people my made over
did down only way find use may water long little very after words called just where most know get through back much
before go good new write our used me man too any day same right look think also around another came come work three
word must because does part even place well such here take why things help put years different away again off went
old number great tell men say small every found still between name should home big give air line set own under read
last never us left end along while might next sound below saw something thought both few those always looked show
large often together asked house world going want school important until form food keep children feet land side
without boy once animals life enough took sometimes four head above kind began almost live page got earth need far
hand high year mother light parts country father let night following picture being study second eyes soon times
story boys since white days ever paper hard near sentence better best across during today others however sure means
knew try told young miles sun ways thing whole hear example heard several change answer room sea against top turned
three-quarters pond feather reed wing duck quack bank current drake swim dive shallow heron marsh willow ripple nest
drift paddle mallard teal migrate autumn surface insect certainly generally therefore temperature approximately
recommendation available configuration understanding paragraph first, second, finally, however, indeed, moreover,
for example, that is why, as a result, in other words, on the whole
"""


@cache
def _words() -> str:
    chance = Random(_SEED)  # noqa: S311 - it must be the same in every run
    vocabulary = _VOCABULARY.split()
    weights = accumulate(1 / (3 + rank) for rank in range(len(vocabulary)))  # few words are most of a text
    words = chance.choices(vocabulary, cum_weights=list(weights), k=_LENGTH // 4)
    return " ".join(word + "." * (chance.random() < 0.06) for word in words)[:_LENGTH]


@cache
def _base64() -> str:
    chance = Random(_SEED)  # noqa: S311 - it must be the same in every run
    return base64.b64encode(chance.randbytes(_LENGTH // 4 * 3)).decode()


WORDS = "words"
_KINDS: Mapping[str, Callable[[], str]] = {WORDS: _words, "base64": _base64}


def kind_of(argument: str) -> str:
    """Check the name of a kind. Raises ValueError."""
    if argument not in _KINDS:
        raise ValueError(f"{argument} is no kind of text: {', '.join(_KINDS)}")
    return argument


def filling(kind: str, index: int, size: int) -> str:
    """Give what stands behind the number of a message: a space and `size` - 1 characters of a text that goes on."""
    if not size:
        return ""
    text = _KINDS[kind]()
    start = index * size % len(text)
    piece = text[start : start + size - 1]
    while len(piece) < size - 1:
        piece += text[: size - 1 - len(piece)]
    return f" {piece}"
