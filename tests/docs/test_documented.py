"""Every command, option, setting, file, port and finding is documented."""

import re
from pathlib import Path

import pytest

from hauberk import names
from hauberk.runtime.instance import API_PORTS, HTTP_PORTS
from hauberk.settings import InstancePaths

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
FINDINGS = (ROOT / "docs" / "findings.md").read_text()
CODE = re.compile(r"HBK\d{4}")


def codes_in_source() -> set[str]:
    return {code for path in (ROOT / "src").rglob("*.py") for code in CODE.findall(path.read_text())}


def test_every_finding_is_documented_and_every_documented_one_exists() -> None:
    documented = set(re.findall(r"^\| (HBK\d{4}) \|", FINDINGS, re.MULTILINE))
    assert documented == codes_in_source()


@pytest.mark.parametrize("name", sorted(name for name in vars(names) if name.endswith("_PORT")))
def test_every_port_of_a_sidecar_is_documented(name: str) -> None:
    assert f"| {getattr(names, name)} |" in SETTINGS


@pytest.mark.parametrize("port", [API_PORTS[0], HTTP_PORTS[0]])
def test_every_port_of_the_host_is_documented(port: int) -> None:
    assert f"| {port} |" in SETTINGS


@pytest.mark.parametrize(
    "name", sorted(name for name in vars(names) if name.startswith(("LABEL_", "ANNOTATION_", "USER_VOLUME")) or name == "INJECT")
)
def test_every_label_and_annotation_is_documented(name: str) -> None:
    assert f"`{getattr(names, name)}`" in SETTINGS


@pytest.mark.parametrize("name", sorted(name for name, value in vars(InstancePaths).items() if isinstance(value, property)))
def test_every_file_of_an_instance_is_documented(name: str) -> None:
    path = getattr(InstancePaths(Path("/s"), Path("/s/run")), name)
    assert f"`{path.name}`" in SETTINGS


@pytest.mark.parametrize("name", ["POD_CIDR", "SERVICE_CIDR", "DNS_VIP", "POD_GATEWAY", "API_VIP", "NODE_ADDRESS", "INBOUND_BIND_ADDRESS"])
def test_every_address_is_documented(name: str) -> None:
    assert str(getattr(names, name)) in SETTINGS
