"""The command line: `backstop`, thin over the library.

Each command is a module of its own, loaded when it is asked for. `commands` is the group and says how a command ends;
`formatting`, `words` and `figures` put quantities, transactions and checks into text, `layout` text into columns.
"""

from .commands import main

__all__ = ["main"]
