"""Engines that go wrong in the ways in which programs do: `python faulty.py FAULT`. They know no rules.

Each says hello, takes any state and applies whatever it is asked, until its fault. Of the standard library alone, so
that it starts quickly.
"""

import json
import os
import subprocess
import sys
import time
from typing import Any

FAULT = sys.argv[1]
HELLO: dict[str, Any] = {"reply": "hello", "protocol": 1, "engine": "faulty", "gives": []}


def write(data: bytes) -> None:
    os.write(1, data)


def say(document: Any) -> None:
    data = json.dumps(document).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]


def hello() -> None:
    greetings: dict[str, Any] = {
        "version": {**HELLO, "protocol": 2},
        "other-version": {"reply": "error", "error": "speaks protocol 7 alone"},
        "unknown-word": {**HELLO, "gives": ["reason", "profit"]},
        "unknown-type": {**HELLO, "types": ["deposit", "gift"]},
        "hello-without-engine": {"reply": "hello", "protocol": 1, "gives": []},
        "hello-reply": {**HELLO, "reply": "good-morning"},
        "rude": {**HELLO, "engine": "rude\x1b[31m", "gives": ["reason"]},
        "owes-reason": {**HELLO, "gives": ["reason"]},
        "owes-digest": {**HELLO, "gives": ["state_digest"]},
        "owes-cash": {**HELLO, "gives": ["balances"]},
    }
    if FAULT == "silent":
        time.sleep(600)
    if FAULT == "ends-at-once":
        sys.exit(3)
    if FAULT == "not-json-hello":
        write(b"Welcome to the house engine!\n")
    say(greetings.get(FAULT, HELLO))
    if FAULT == "talks-after-hello":
        write(b"ready.\n")


def outcomes(request: Any) -> list[Any]:
    return [{"applied": True} for _ in request["transactions"]]


def apply(request: Any) -> None:
    told: list[Any] = outcomes(request)
    if FAULT == "crash":
        os.write(2, b"Traceback\nZeroDivisionError: division by zero\n")
        sys.exit(1)
    elif FAULT == "abort":
        os.abort()
    elif FAULT == "hang":
        time.sleep(600)
    elif FAULT == "slow-to-apply":
        time.sleep(4)
        say({"reply": "apply", "outcomes": told})
    elif FAULT == "rude":
        reason = f"../\x1b[31m\n{'X' * 300}"
        say({"reply": "apply", "outcomes": [{"applied": False, "reason": reason} for _ in told]})
    elif FAULT == "hang-in-line":
        write(b'{"reply":"apply","outc')
        time.sleep(600)
    elif FAULT == "partial":
        write(b'{"reply":"apply","outcomes":[')
        sys.exit(0)
    elif FAULT == "whole-without-line-feed":
        write(json.dumps({"reply": "apply", "outcomes": told}).encode())
        sys.exit(0)
    elif FAULT == "closes":
        os.close(1)
        time.sleep(600)
    elif FAULT == "child":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        sys.exit(5)
    elif FAULT == "garbage":
        write(b"debug: applying " + b"x" * 500 + b"\n")
    elif FAULT == "cut-json":
        write(b'{"reply":"apply","outcomes":[{"applied":tr\n')
    elif FAULT == "list":
        say([1, 2])
    elif FAULT == "other-request":
        say({"reply": "state", "accounts": {}})
    elif FAULT == "no-reply":
        say({"outcomes": told})
    elif FAULT == "fewer":
        say({"reply": "apply", "outcomes": told[:-1]})
    elif FAULT == "more":
        say({"reply": "apply", "outcomes": [*told, *told]})
    elif FAULT == "applied-text":
        say({"reply": "apply", "outcomes": [{"applied": "yes"}, *told[1:]]})
    elif FAULT == "no-outcomes":
        say({"reply": "apply"})
    elif FAULT == "supplied-number":
        say({"reply": "apply", "outcomes": [{"applied": False, "supplied": 3}, *told[1:]]})
    elif FAULT == "owes-reason":
        say({"reply": "apply", "outcomes": [{"applied": False}, *told[1:]]})
    elif FAULT == "not-utf-8":
        write(b'{"reply":"apply","note":"\xff\xfe","outcomes":[{"applied":true}]}\n')
    elif FAULT == "endless":
        while True:
            write(b"y" * 65536)
    elif FAULT == "error":
        say({"reply": "error", "error": "margin\nmodule is not there"})
    elif FAULT == "error-without-text":
        say({"reply": "error"})
    elif FAULT == "empty-line":
        write(b"\n")
    elif FAULT == "null-bytes":
        write(b"\x00\x01\x02\n")
    elif FAULT == "nested":
        write(b'{"reply":"apply","outcomes":' + b"[" * 100_000 + b"\n")
    else:
        say({"reply": "apply", "outcomes": told})
    if FAULT == "talks":
        write(b"applied a batch.\n")


def main() -> None:
    if FAULT == "noisy":
        os.write(2, b"starting\n" * 300_000)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        name = request["request"]
        if FAULT == "noisy":
            os.write(2, b"asked\n" * 50_000)
        if FAULT == "slow":
            time.sleep(0.2)
        if name == "hello":
            hello()
        elif name == "apply":
            apply(request)
        elif name == "state":
            say({"reply": "state"} | ({} if "accounts" not in request else {"accounts": {"alice": {}}}))
        elif name == "bye":
            if FAULT == "ignores-bye":
                time.sleep(600)
            say({"reply": "bye"})
            if FAULT == "stays":
                time.sleep(600)
            if FAULT == "ends-badly":
                sys.exit(9)
            if FAULT == "talks-after-bye":
                write(b"good night\n")
            return
        else:
            say({"reply": name})
        if FAULT == "reads-once":
            os.close(0)
            time.sleep(600)


main()
