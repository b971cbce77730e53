"""Follow the log of a job as it runs, over server-sent events, with nothing but an HTTP client.

CEYUAN_URL=http://127.0.0.1:8080 CEYUAN_TOKEN=cyk_… python examples/follow_job.py JOB_ID
"""

import json
import os
import sys

import httpx


def main(job_id: str) -> None:
    url = os.environ.get("CEYUAN_URL", "http://127.0.0.1:8080")
    headers = {"Authorization": f"Bearer {os.environ['CEYUAN_TOKEN']}"}
    patience = httpx.Timeout(10, read=60)  # a quiet job still sends a comment every quarter of a minute
    with httpx.stream("GET", f"{url}/api/v1/jobs/{job_id}/events", headers=headers, timeout=patience) as answer:
        answer.raise_for_status()
        event = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                print(event, data.get("message") or data.get("state") or "")
                if event == "end":
                    return


if __name__ == "__main__":
    main(sys.argv[1])
