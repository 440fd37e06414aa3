"""Where a link may lead, and from where a picture may come."""

import re
from collections.abc import Sequence

from relay.texts import url

MAIL = re.compile(r"mailto:[^\s/?#]", re.IGNORECASE)
# nothing but a host of ASCII and its port stands before the path: no name and password, no escapes
PICTURE = re.compile(r"https://((?:[a-z0-9_-]+\.)*[a-z0-9_-]+(?::[0-9]{1,5})?)(?:[/?#]|\Z)", re.IGNORECASE)
ANY = "*"


def leads(target: str) -> bool:
    """Tell whether a URL, as it goes into the page, may be a link."""
    return url.web(target) or (len(target) <= url.LONGEST and bool(MAIL.match(target)))


def shown(target: str, image_hosts: Sequence[str]) -> bool:
    """Tell whether a picture comes from one of the hosts: `example.org`, `*.example.org` for all below it, `*`.

    Each with a port where that is not 443, as a page's policy has it. A host in other letters is compared as the
    browser asks for it, in ASCII (`xn--…`).
    """
    found = PICTURE.match(target)
    if found is None or len(target) > url.LONGEST:
        return False
    host = found[1].lower().removesuffix(":443")
    return any(_fits(host, one.strip().lower()) for one in image_hosts)


def _fits(host: str, allowed: str) -> bool:
    if allowed.startswith("*."):
        return host.endswith(allowed[1:]) and len(host) >= len(allowed)
    return allowed in {ANY, host}
