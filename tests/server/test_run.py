from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ceyuan.kernel.errors import Invalid
from ceyuan.server.run import (
    AlreadyRunning,
    PortTaken,
    UnsafeAddress,
    UnusableCertificate,
    bind,
    exclusive,
    require_certificate,
    require_safe,
)
from ceyuan.server.settings import ServerSettings


def test_a_public_address_without_tls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafeAddress, match="needs TLS"):
        require_safe(ServerSettings(data_dir=tmp_path, host="0.0.0.0"))


def test_a_public_address_behind_a_declared_proxy_is_accepted(tmp_path: Path) -> None:
    require_safe(ServerSettings(data_dir=tmp_path, host="0.0.0.0", behind_proxy=True))


@pytest.mark.parametrize("key", ["junk", "missing", None])
def test_a_certificate_that_cannot_serve_is_told_before_anything_starts(tmp_path: Path, key: str | None) -> None:
    (tmp_path / "junk").write_text("no PEM")
    settings = ServerSettings(data_dir=tmp_path, tls_cert=tmp_path / "junk", tls_key=key and tmp_path / key)
    with pytest.raises(UnusableCertificate, match="junk"):
        require_certificate(settings)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            bind(ServerSettings(data_dir=tmp_path, port=port))


def test_two_processes_do_not_share_a_data_folder(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        with pytest.raises(AlreadyRunning):
            with exclusive(tmp_path):
                pass
    with exclusive(tmp_path):
        pass


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(Invalid, match="cannot be written"):
        with exclusive(file / "data"):
            pass
