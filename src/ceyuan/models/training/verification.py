"""Whether llama.cpp, given the exported file, says what the trained model says."""

from __future__ import annotations

import http.client
import json
import socket
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from .model_folder import TrainedModel
from .sampling import continue_greedily
from .tokeniser import BEGIN_ID

__all__ = ["Verification", "verify_gguf"]

# Two candidates closer than this (nats) may change places: llama.cpp sums in another order and
# keeps keys and values in half precision.
TIE_NATS = 0.02


@dataclass(frozen=True)
class Verification:
    """What agreed. A `tie` is a first difference where both candidates were as good as equal."""

    texts: int
    same_tokens: int
    prompts: int
    same_answers: int
    ties: int
    largest_difference: float

    @property
    def passed(self) -> bool:
        """All texts cut alike, and all greedy answers equal or parted at a tie."""
        return self.same_tokens == self.texts and self.same_answers + self.ties == self.prompts

    def to_mapping(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "passed": self.passed}


def verify_gguf(
    model: TrainedModel, path: Path, texts: Iterable[str], *, prompt: int = 12, length: int = 24
) -> Verification:
    """Compare tokenisation of whole texts, and greedy answers to their beginnings.

    Args:
        path: what `export_gguf` wrote.
        prompt: characters of each text that make its prompt.
        length: tokens to answer with.

    Returns:
        Counts, and the largest difference in the log-probability of an agreed token.
    """
    counts = {"texts": 0, "same_tokens": 0, "prompts": 0, "same_answers": 0, "ties": 0}
    largest = 0.0
    with _served(path) as ask:
        for text in texts:
            counts["texts"] += 1
            ours = model.tokeniser.encode(text, add_special_tokens=False).ids
            question = {"content": text, "add_special": False, "parse_special": False}
            counts["same_tokens"] += ask("/tokenize", question)["tokens"] == ours
            beginning = model.tokeniser.encode(text[:prompt], add_special_tokens=False).ids
            ids = [BEGIN_ID, *beginning]
            if len(ids) + length > model.decoder.shape.context:
                continue
            counts["prompts"] += 1
            theirs, chances = _answer(ask, ids, length)
            parted, difference = _compare(model, ids, length, theirs, chances)
            largest = max(largest, difference)
            counts["same_answers"] += parted is None
            counts["ties"] += parted is not None and parted < TIE_NATS
    return Verification(**counts, largest_difference=round(largest, 6))


def _answer(ask: Any, ids: list[int], length: int) -> tuple[list[int], list[float]]:
    """Greedy tokens and their log-probabilities; none of these where llama.cpp leaves one out, as
    it does for a token that ends within a character."""
    request = {
        "prompt": ids,
        "n_predict": length,
        "temperature": 0.0,
        "n_probs": 1,
        "return_tokens": True,
        "cache_prompt": False,
    }
    reply = ask("/completion", request)
    chances = [item["logprob"] for item in reply.get("completion_probabilities", [])]
    return reply["tokens"], chances if len(chances) == len(reply["tokens"]) else []


def _compare(
    model: TrainedModel, ids: list[int], length: int, theirs: list[int], chances: list[float]
) -> tuple[float | None, float]:
    """How far apart the two candidates were where the answers part (None: nowhere), and the
    largest difference in log-probability before."""
    ours = continue_greedily(model, ids, length)
    same = 0
    while same < min(len(ours), len(theirs)) and ours[same] == theirs[same]:
        same += 1
    with torch.inference_mode():
        rows = model.decoder(torch.tensor([ids + theirs])).log_softmax(dim=-1)[0, len(ids) - 1 :]
    agreed = list(enumerate(chances))[:same]
    difference = max((abs(float(rows[place, theirs[place]]) - told) for place, told in agreed), default=0.0)
    if ours == theirs:
        return None, difference
    at = rows[same]
    return (float(at.max() - at[theirs[same]]) if same < len(theirs) else torch.inf), difference


@contextmanager
def _served(path: Path) -> Iterator[Any]:
    """A llama.cpp server for the file on a Unix socket, and a way to ask it."""
    import xllamacpp

    with tempfile.TemporaryDirectory(prefix="ceyuan-") as folder:
        address = str(Path(folder) / "llama.sock")
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_parallel = 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        params.hostnames = [address]
        params.warmup = params.fit_params = params.ui = False
        params.verbosity = 1
        server = xllamacpp.Server(params)

        def ask(route: str, body: dict[str, Any]) -> dict[str, Any]:
            connection = _UnixConnection(address)
            try:
                data = json.dumps(body).encode()
                connection.request("POST", route, data, {"Content-Type": "application/json"})
                reply = connection.getresponse()
                answer: dict[str, Any] = json.loads(reply.read())
            finally:
                connection.close()
            if reply.status != 200:
                raise RuntimeError(f"llama.cpp answered {reply.status}: {answer}")
            return answer

        try:
            yield ask
        finally:
            del server


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, address: str) -> None:
        super().__init__("localhost", timeout=60)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._address)
