"""What is wrong with a file that a simulation is made of."""


class DataError(Exception):
    """One line for people: file, line or key, what was found and what was expected."""
