"""Credentials folders: whole or not at all, private, the one before kept."""

import stat
from pathlib import Path

from hauberk.agent.files import write_credentials, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_set_is_written_and_the_link_points_at_it(tmp_path: Path) -> None:
    folder = tmp_path / "pod" / "credentials"
    written = write_credentials(folder, {"key.pem": b"secret", "cert-chain.pem": b"chain"})
    assert written == folder / "1"
    assert (folder / "current").readlink() == Path("1")
    assert {path.name: path.read_bytes() for path in (folder / "current").iterdir()} == {"key.pem": b"secret", "cert-chain.pem": b"chain"}


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    files = {"key.pem": b"secret", "sds-default.json": b"with the secret", "cert-chain.pem": b"chain"}
    written = write_credentials(tmp_path / "c", files)
    assert [mode(path) for path in (*(written / name for name in files), written, tmp_path / "c")] == [
        0o600,
        0o600,
        0o644,
        0o700,
        0o700,
    ]


def test_a_renewal_moves_the_link_and_keeps_the_set_before(tmp_path: Path) -> None:
    for content in (b"first", b"second", b"third", b"fourth"):
        write_credentials(tmp_path, {"key.pem": content})
    assert (tmp_path / "current" / "key.pem").read_bytes() == b"fourth"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4", "current"]
    assert (tmp_path / "3" / "key.pem").read_bytes() == b"third"


def test_a_reader_of_the_old_link_target_reads_on(tmp_path: Path) -> None:
    write_credentials(tmp_path, {"key.pem": b"first"})
    seen = (tmp_path / "current").resolve()
    write_credentials(tmp_path, {"key.pem": b"second"})
    assert (seen / "key.pem").read_bytes() == b"first"


def test_what_an_interrupted_write_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / ".current.9").symlink_to("1")
    (tmp_path / ".key.pem.part").write_bytes(b"half")
    write_private(tmp_path / "key.pem", b"whole")
    assert write_credentials(tmp_path, {"key.pem": b"secret"}) == tmp_path / "2"
    assert ((tmp_path / "key.pem").read_bytes(), mode(tmp_path / "key.pem")) == (b"whole", 0o600)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_private(tmp_path / "a", b"a longer text")
    write_private(tmp_path / "a", b"short", mode=0o644)
    assert ((tmp_path / "a").read_bytes(), mode(tmp_path / "a")) == (b"short", 0o644)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
