"""Later versions of slurmrestd's interface, emulated in front of a real slurmrestd of v0.0.38.

No Slurm newer than Debian's can be had in the tests: here v0.0.40 and later are spoken as Slurm's sources define them
(src/plugins/data_parser/v0.0.43/parsers.c, src/slurmrestd/plugins/openapi/slurmctld), strictly: what the real parser
would refuse, or would only guess at, is refused. What is asked is done by the real cluster behind it.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_BASE = "/slurm/v0.0.38"
_FIELDS: dict[str, type] = {
    "name": str,
    "current_working_directory": str,
    "standard_output": str,
    "tasks_per_node": int,
    "cpus_per_task": int,
    "nodes": str,
    "memory_per_node": dict,
    "environment": list,
    "requeue": bool,
    "partition": str,
    "account": str,
    "qos": str,
    "required_nodes": list,
    "tres_per_node": str,
    "time_limit": dict,
}


class Later:
    """An address where only `versions` are spoken; `submitted` are the bodies that were taken."""

    def __init__(self, behind: str, versions: Collection[str]) -> None:
        self.behind, self.versions = behind, set(versions)
        self.submitted: list[dict[str, Any]] = []
        self.asked: list[str] = []
        later = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(*later.answer("GET", self.path, None, self._token()))

            def do_DELETE(self) -> None:
                self._answer(*later.answer("DELETE", self.path, None, self._token()))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(*later.answer("POST", self.path, body, self._token()))

            def _token(self) -> dict[str, str]:
                return {name: value for name, value in self.headers.items() if name.lower().startswith("x-slurm")}

            def _answer(self, status: int, content: dict[str, Any]) -> None:
                raw = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, body: Any, token: dict[str, str]) -> tuple[int, dict[str, Any]]:
        version, _, rest = path.removeprefix("/slurm/").partition("/")
        self.asked.append(f"{method} {version}/{rest}")
        if version not in self.versions:
            return 404, _fault(9001, "Unable to find requested URL")
        if rest == "ping":
            return 200, {"pings": [{"hostname": "here", "pinged": "UP"}], "errors": [], "warnings": []}
        if method == "POST":
            if told := _wrong(body):
                return 500, _fault(9202, told)
            self.submitted.append(body)
            body = _plain(body)
        status, found = self._behind(method, rest, body, token)
        for row in found.get("nodes") or []:
            row["state"] = [row["state"].upper(), *row.pop("state_flags")]
        for row in found.get("jobs") or []:
            row["job_state"] = _states(row["job_state"])
            for name in ("start_time", "end_time"):
                row[name] = {"set": bool(row[name]), "infinite": False, "number": row[name] or 0}
        return status, found

    def _behind(self, method: str, rest: str, body: Any, token: dict[str, str]) -> tuple[int, dict[str, Any]]:
        raw = None if body is None else json.dumps(body).encode()
        headers = token | {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.behind}{_BASE}/{rest}", raw, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            found = json.load(error)
            gone = any(2017 in (one.get("error_number"), one.get("error_code")) for one in found.get("errors") or [])
            return 404 if gone else error.code, found


def _fault(number: int, words: str) -> dict[str, Any]:
    return {"errors": [{"error_number": number, "error": words, "description": words, "source": "emulated"}]}


def _wrong(body: dict[str, Any]) -> str:
    job = body.get("job", {})
    strange = (set(body) - {"script", "job"}) | (set(job) - set(_FIELDS))
    if strange:
        return f"unknown fields {sorted(strange)}"
    wrong = [name for name, value in job.items() if type(value) is not _FIELDS[name]]
    wrong += [
        name for name, value in job.items() if isinstance(value, dict) and set(value) != {"set", "infinite", "number"}
    ]
    if any("=" not in one for one in job.get("environment", [])) or not job.get("environment"):
        wrong.append("environment")
    if not job.get("tres_per_node", "gres/").startswith("gres/"):
        wrong.append("tres_per_node")
    return f"cannot parse {wrong}" if wrong else ""


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """As v0.0.38 takes it, which cannot forbid requeueing."""
    job = dict(body["job"])
    job["nodes"] = int(job["nodes"])
    job["environment"] = dict(one.split("=", 1) for one in job["environment"])
    for name in ("memory_per_node", "time_limit"):
        if name in job:
            job[name] = job[name]["number"]
    if "required_nodes" in job:
        job["nodelist"] = ",".join(job.pop("required_nodes"))
    if "tres_per_node" in job:
        job["gres"] = job.pop("tres_per_node").removeprefix("gres/")
    assert job.pop("requeue") is False
    return {"script": body["script"], "job": job}


def _states(state: str) -> list[str]:
    """The base state and the flag that v0.0.38 shows in its place."""
    if state in ("COMPLETING", "STAGE_OUT"):
        return ["COMPLETED", state]
    return ["RUNNING", state] if state == "CONFIGURING" else [state]
