"""Other engines: their processes, the protocol that is spoken with them, and what differs in what they say."""

from .client import (
    GIVES,
    IN_FLIGHT,
    PROTOCOL,
    SPECIFICATION,
    TIMEOUT,
    Abilities,
    Engine,
    GivenAccount,
    GivenOutcome,
)
from .errors import EngineError, Trouble
from .process import Command, EngineProcess
from .runner import Runner

__all__ = [
    "GIVES",
    "IN_FLIGHT",
    "PROTOCOL",
    "SPECIFICATION",
    "TIMEOUT",
    "Abilities",
    "Command",
    "Engine",
    "EngineError",
    "EngineProcess",
    "GivenAccount",
    "GivenOutcome",
    "Runner",
    "Trouble",
]
