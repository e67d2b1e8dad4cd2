"""Asks a deployment again and again until it is interrupted; says how many answers were wrong.

Usage: python load.py URI REQUEST [SECONDS], with a key in the variable SCORING_KEY.
"""

import collections
import http.client
import os
import signal
import sys
import time
from urllib.parse import urlsplit

OK = 200


def main(uri, request, seconds="3600"):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parts = urlsplit(uri)
    with open(request, "rb") as file:
        body = file.read()
    headers = {"Content-Type": "application/json"}
    headers["Authorization"] = "Bearer " + os.environ["SCORING_KEY"]
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    answers = collections.Counter()
    end = time.monotonic() + float(seconds)
    try:
        while time.monotonic() < end:
            connection.request("POST", parts.path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            answers[f"{answer.status} {text if answer.status == OK else ''}".strip()] += 1
            time.sleep(0.005)
    except KeyboardInterrupt:
        pass
    for answer, count in sorted(answers.items()):
        print(f"{count} times {answer}")
    failed = sum(count for answer, count in answers.items() if not answer.startswith("200"))
    print(f"{sum(answers.values())} requests, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
