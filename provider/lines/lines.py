"""Lines, put together from what was read."""


class Lines:
    """Puts lines together from what was read, each once, however many reads a long one takes."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []

    def add(self, data: bytes) -> list[bytes]:
        """Give the lines that are whole by now, without their ends."""
        first, *rest = data.split(b"\n")
        self._begun.append(first)
        if not rest:
            return []
        whole = b"".join(self._begun)
        self._begun = [rest.pop()]
        return [whole, *rest]

    def clear(self) -> None:
        """Forget the beginning of a line whose end will never come."""
        self._begun.clear()
