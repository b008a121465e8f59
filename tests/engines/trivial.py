"""An engine that applies everything and gives nothing, as fast as lines can be answered: what the pipe itself costs."""

import sys
from functools import lru_cache

HELLO = b'{"reply":"hello","protocol":1,"engine":"trivial","gives":[]}\n'


@lru_cache(maxsize=8)
def applied(count: int) -> bytes:
    return b'{"reply":"apply","outcomes":[' + b",".join([b'{"applied":true}'] * count) + b"]}\n"


def main() -> None:
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    for line in requests:
        if line.startswith(b'{"request":"apply"'):
            replies.write(applied(line.count(b'{"type":"')))
        elif line.startswith(b'{"request":"hello"'):
            replies.write(HELLO)
        elif line.startswith(b'{"request":"init"'):
            replies.write(b'{"reply":"init"}\n')
        else:
            replies.write(b'{"reply":"bye"}\n')
            replies.flush()
            return
        replies.flush()


main()
