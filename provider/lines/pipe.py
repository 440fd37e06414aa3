"""The pipes between the daemon and an installed plugin."""

import fcntl
import logging

log = logging.getLogger("duck_relay")

WIDE = 1024 * 1024  # bytes that a widened pipe holds: what Linux allows to everyone


def widen(fd: int) -> None:
    """Let a pipe hold more than the usual 64 KiB, if it is one and the system allows it."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, WIDE)
    except OSError as error:
        log.info("the pipe %d stays as wide as it is: %s", fd, error.strerror)
