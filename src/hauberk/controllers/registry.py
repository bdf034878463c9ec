"""All controllers, and what they are told. The only place where a new controller is named; also where keys for new roots come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from cryptography import x509

from hauberk.controllers.controller import Controller
from hauberk.controllers.mesh import ca, member, member_roll, network_policy, route
from hauberk.controllers.smcp import ior, reconcile
from hauberk.controllers.workloads import deployment, endpoints, endpointslice, namespace, replicaset, scheduler
from hauberk.k8s.kind import Manifest
from hauberk.model.identity import TrustDomain
from hauberk.pki.ca import self_signed_ca
from hauberk.pki.keys import make_key
from hauberk.pki.secrets import ca_secret

__all__ = ["ControllerOptions", "build_controllers"]


@dataclass(frozen=True, slots=True)
class ControllerOptions:
    """What controllers cannot learn from the API."""

    api_ca_pem: str
    """The CA of the API, for ConfigMap kube-root-ca.crt."""
    http_port: int
    """Where the host reaches Routes; it is part of their hosts where it is not 80."""
    # Read once, when the module is loaded: an upgrade under a running process must not change what it writes.
    version: str = version("hauberk")
    """Ours: in status, in labels, and as the tag of the proxy's image."""


def build_controllers(options: ControllerOptions) -> Sequence[Controller]:
    """All of them; the order has no meaning."""
    return (
        scheduler.CONTROLLER,
        deployment.CONTROLLER,
        replicaset.CONTROLLER,
        endpointslice.CONTROLLER,
        endpoints.CONTROLLER,
        namespace.controller(options.api_ca_pem),
        reconcile.controller(options.version),
        ca.controller(_new_root),
        member_roll.CONTROLLER,
        member.CONTROLLER,
        network_policy.CONTROLLER,
        route.controller(options.http_port),
        ior.controller(),
    )


def _new_root(trust_domain: TrustDomain, namespace: str, now: datetime, life: timedelta) -> Manifest:
    root = self_signed_ca(trust_domain=trust_domain, key=make_key(), now=now, serial=x509.random_serial_number(), lifetime=life)
    return ca_secret(root, namespace)
