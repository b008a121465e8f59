"""A second engine, in JavaScript: it was written from the specification alone, and it agrees with the ledger."""

import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger.comparing import compare_fuzz, compare_log
from ledger.engines import GIVES, Engine
from ledger.fuzzing import RULEBOOKS
from ledger.outcomes import Reason
from ledger.transactions import TYPE_NAMES
from ledger.vectors import write_vectors
from ledger.vectors.checking import Result, check_vectors
from ledger.vectors.reading import read_vectors

from ..reading_back import ROOT
from .planted_bugs import BUGS, JAVASCRIPT, Bug, engine_command, planted

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed: there is no `node`")
