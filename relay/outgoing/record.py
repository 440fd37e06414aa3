"""What an answer said, kept for whoever asks the same again."""


class Record:
    """What an answer said, up to `most` bytes as they were before any coding, for whoever asks the same again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= self._most:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    @property
    def whole(self) -> bytes | None:
        """All that was said; None when it was too much."""
        return b"".join(self._pieces) if self._size <= self._most else None
