from datetime import UTC, datetime
from pathlib import Path

import pytest

from hauberk.cli.ca.files import GivenFiles, check_files, files_of_ca, read_files, write_files
from hauberk.errors import ConfigError
from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import self_signed_ca
from hauberk.pki.keys import make_key
from hauberk.pki.plugged import PLUGGED_FILES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRUST_DOMAIN = TrustDomain("cluster.local")
FILES = files_of_ca(self_signed_ca(trust_domain=TRUST_DOMAIN, key=make_key(), now=NOW, serial=7))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path / "new" / "ca", FILES, force=False)
    return tmp_path / "new" / "ca"


def modes(folder: Path) -> dict[str, str]:
    return {path.name: f"{path.stat().st_mode & 0o777:o}" for path in folder.iterdir()}


def test_the_four_files_are_there_and_the_key_is_its_owners_only(folder: Path) -> None:
    assert modes(folder) == {"ca-cert.pem": "644", "ca-key.pem": "600", "cert-chain.pem": "644", "root-cert.pem": "644"}
    assert f"{folder.stat().st_mode & 0o777:o}" == "700"


def test_what_is_written_is_read_and_accepted(folder: Path) -> None:
    given = read_files([folder])
    assert given == GivenFiles(str(folder), FILES, {})
    ca, findings = check_files(given, TRUST_DOMAIN, now=NOW)
    assert (ca is not None, findings) == (True, ())


def test_files_may_be_named_one_by_one(folder: Path) -> None:
    assert read_files([folder / name for name in PLUGGED_FILES]).content == FILES


def test_nothing_is_overwritten_unless_it_is_forced(folder: Path) -> None:
    (folder / "root-cert.pem").unlink()
    (folder / "ca-key.pem").write_text("old")
    (folder / "ca-key.pem").chmod(0o644)
    with pytest.raises(ConfigError, match=r"holds ca-cert.pem, ca-key.pem, cert-chain.pem already. Name another folder, or add --force"):
        write_files(folder, FILES, force=False)
    assert (folder / "ca-key.pem").read_text() == "old"
    assert not (folder / "root-cert.pem").exists()
    write_files(folder, FILES, force=True)
    assert read_files([folder]).content == FILES
    assert modes(folder)["ca-key.pem"] == "600"


def test_a_link_in_the_way_is_replaced_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "ca-key.pem").unlink()
    (folder / "ca-key.pem").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match=r"ca-key\.pem"):
        write_files(folder, FILES, force=False)
    write_files(folder, FILES, force=True)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file/ca: cannot write there: Not a directory\. Name a folder of yours\."):
        write_files(tmp_path / "file" / "ca", FILES, force=False)


def test_a_file_that_cannot_be_read_is_a_finding_that_says_why(folder: Path) -> None:
    (folder / "ca-key.pem").unlink()
    (folder / "ca-key.pem").symlink_to("/proc/self/mem")  # root may read everything, but nobody reads address 0
    ca, (finding,) = check_files(read_files([folder]), TRUST_DOMAIN, now=NOW)
    assert ca is None
    assert str(finding) == (
        f"HBK0401 {folder}, ca-key.pem: it cannot be read: Input/output error. Let yourself read it: chmod u+r ca-key.pem"
    )


@pytest.mark.parametrize(("words", "said"), [(["none"], "there is no such file or folder"), (["ca", "ca"], "was named twice")])
def test_what_is_not_there_or_named_twice_is_refused(folder: Path, words: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_files([folder.parent / word for word in words])
