"""The callers in this folder take the same command.

`caller DB` opens a client on the ledger and calls one operation for each line of standard input, an object with `name`
and `parameters`. It prints each result, or `error: ` and the message of the failure, and then the line `end`.
"""

import json
import sys

from provenlog import ProvenLogClient, ProvenLogError


def main(db):
    with ProvenLogClient(db_path=db) as client:
        for line in sys.stdin:
            call = json.loads(line)
            try:
                print(json.dumps(client.call(call["name"], call["parameters"])))
            except ProvenLogError as error:
                print(f"error: {error}")
            print("end")


main(*sys.argv[1:])
