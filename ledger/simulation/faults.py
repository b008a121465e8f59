"""What is wrong with the files that a simulation is made of."""


class DataError(Exception):
    """One line for people, or several: file, line or key, what was found and what was expected."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines

    def __str__(self) -> str:
        return "\n".join(self.lines)
