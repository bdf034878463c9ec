"""PeerAuthentication -> PeerAuthentication."""

from hauberk.errors import ConfigError
from hauberk.k8s.fields import created_of, integer, mapping, text, text_map
from hauberk.k8s.kind import Manifest, name_of, namespace_of
from hauberk.model.security import MtlsMode, PeerAuthentication

__all__ = ["parse_peer_authentication"]


def parse_peer_authentication(manifest: Manifest) -> PeerAuthentication:
    """The policy; an absent mode, at any level, is UNSET.

    Raises: ConfigError.
    """
    spec = mapping(manifest, "spec")
    ports = mapping(spec, "portLevelMtls")
    return PeerAuthentication(
        namespace=namespace_of(manifest),
        name=name_of(manifest),
        mode=_mode(mapping(spec, "mtls"), "spec.mtls.mode"),
        selector=text_map(spec, "selector", "matchLabels"),
        port_modes={integer(port, "spec.portLevelMtls"): _mode(mapping(ports, port), f"spec.portLevelMtls[{port}].mode") for port in ports},
        created=created_of(manifest),
    )


def _mode(mtls: Manifest, path: str) -> MtlsMode:
    mode = text(mtls, "mode") or MtlsMode.UNSET.value
    try:
        return MtlsMode(mode)
    except ValueError:
        raise ConfigError(f'{path}: "{mode}" is no mode. Write DISABLE, PERMISSIVE, STRICT or UNSET.') from None
