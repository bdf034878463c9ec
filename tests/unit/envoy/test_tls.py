"""TLS contexts."""

from typing import Any

import pytest

from hauberk.envoy.tls import (
    downstream_mesh_socket,
    downstream_mesh_tls,
    raw_socket,
    server_parameters,
    upstream_file_tls,
    upstream_mesh_tls,
    upstream_socket,
)
from hauberk.model.tls import CIPHER_SUITES, MeshTls, TlsVersion
from hauberk.model.traffic import ClientTls, TlsMode
from tests.unit.envoy.builders import as_dict

CURRENT = "/var/run/secrets/workload-spiffe-credentials/current"
WATCHED = {"path": "/var/run/secrets/workload-spiffe-credentials"}


def secret(name: str, file: str) -> dict[str, Any]:
    source = {"path": f"{CURRENT}/{file}", "watched_directory": WATCHED}
    config = {"path_config_source": source, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
    return {"name": name, "sds_config": config}


def test_the_servers_side_demands_a_certificate_of_the_trust_domain() -> None:
    context = as_dict(downstream_mesh_tls(["cluster.local", "old.example"], ["h2"]))
    assert context["require_client_certificate"] is True
    common = context["common_tls_context"]
    assert common["alpn_protocols"] == ["h2"]
    assert common["tls_params"]["tls_minimum_protocol_version"] == "TLSv1_2"
    assert common["tls_params"]["tls_maximum_protocol_version"] == "TLSv1_3"
    assert common["tls_params"]["ecdh_curves"] == ["X25519MLKEM768", "X25519", "P-256"]
    assert common["tls_params"]["cipher_suites"][0] == "ECDHE-ECDSA-AES256-GCM-SHA384"
    assert common["tls_certificate_sds_secret_configs"] == [secret("default", "sds-default.json")]
    assert common["combined_validation_context"] == {
        "default_validation_context": {
            "match_typed_subject_alt_names": [
                {"san_type": "URI", "matcher": {"prefix": "spiffe://cluster.local/"}},
                {"san_type": "URI", "matcher": {"prefix": "spiffe://old.example/"}},
            ]
        },
        "validation_context_sds_secret_config": secret("ROOTCA", "sds-root.json"),
    }


def sans(context: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = context["common_tls_context"]["combined_validation_context"]["default_validation_context"][
        "match_typed_subject_alt_names"
    ]
    return found


def test_the_clients_side_accepts_exactly_the_services_identities() -> None:
    context = as_dict(upstream_mesh_tls("sni", ["spiffe://cluster.local/ns/a/sa/b", "dns.example"], ["cluster.local"], ["istio"]))
    assert sans(context) == [
        {"san_type": "URI", "matcher": {"exact": "spiffe://cluster.local/ns/a/sa/b"}},
        {"san_type": "DNS", "matcher": {"exact": "dns.example"}},
    ]
    assert context["sni"] == "sni"
    common = context["common_tls_context"]
    assert common["alpn_protocols"] == ["istio"]
    assert common["tls_params"]["tls_maximum_protocol_version"] == "TLSv1_3"
    assert "cipher_suites" not in common["tls_params"]


def test_where_no_identity_is_known_any_of_the_trust_domain_will_do() -> None:
    context = as_dict(upstream_mesh_tls("sni", [], ["cluster.local"], ["istio"]))
    assert sans(context) == [{"san_type": "URI", "matcher": {"prefix": "spiffe://cluster.local/"}}]


@pytest.mark.parametrize(
    ("settings", "validation", "certificates"),
    [
        (ClientTls(TlsMode.SIMPLE), {"trusted_ca": {"filename": "/os.pem"}}, None),
        (ClientTls(TlsMode.SIMPLE, ca_certificates="/ca.pem"), {"trusted_ca": {"filename": "/ca.pem"}}, None),
        (ClientTls(TlsMode.SIMPLE, "/cert", "/key"), {"trusted_ca": {"filename": "/os.pem"}}, None),
        (
            ClientTls(TlsMode.SIMPLE, subject_alt_names=("a.example",)),
            {
                "trusted_ca": {"filename": "/os.pem"},
                "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "a.example"}}],
            },
            None,
        ),
        (
            ClientTls(TlsMode.MUTUAL, "/cert", "/key"),
            {"trusted_ca": {"filename": "/os.pem"}},
            [{"certificate_chain": {"filename": "/cert"}, "private_key": {"filename": "/key"}}],
        ),
        (ClientTls(TlsMode.SIMPLE, insecure_skip_verify=True), None, None),
    ],
)
def test_files_of_a_destination_rule(settings: ClientTls, validation: dict[str, Any] | None, certificates: list[Any] | None) -> None:
    common = as_dict(upstream_file_tls(settings, "/os.pem", ["h2"]))["common_tls_context"]
    assert common.get("validation_context") == validation
    assert common.get("tls_certificates") == certificates
    assert common["alpn_protocols"] == ["h2"]
    assert common["tls_params"] == {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"}


def test_sockets_are_named_as_envoy_wants() -> None:
    names = [
        socket.name for socket in (raw_socket(), upstream_socket(upstream_mesh_tls("", [], ["td"], [])), downstream_mesh_socket(["td"], []))
    ]
    assert names == ["envoy.transport_sockets.raw_buffer", "envoy.transport_sockets.tls", "envoy.transport_sockets.tls"]


def test_a_server_takes_what_the_mesh_says_and_clients_offer_it() -> None:
    said = MeshTls(
        TlsVersion.V1_2, TlsVersion.V1_2, ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",), ("CurveP384", "CurveP256", "CurveP521", "X25519")
    )
    assert as_dict(server_parameters(said)) == {
        "tls_minimum_protocol_version": "TLSv1_2",
        "tls_maximum_protocol_version": "TLSv1_2",
        "cipher_suites": ["ECDHE-ECDSA-AES256-GCM-SHA384"],
        "ecdh_curves": ["P-384", "P-256", "P-521", "X25519"],
    }
    offered = as_dict(upstream_mesh_tls("", [], ["td"], []))["common_tls_context"]["tls_params"]["ecdh_curves"]
    assert {"P-384", "P-256", "P-521", "X25519"} < set(offered)
    context = as_dict(downstream_mesh_tls(["td"], [], said))
    assert context["common_tls_context"]["tls_params"] == as_dict(server_parameters(said))


def test_every_cipher_suite_that_validation_takes_can_be_written() -> None:
    written = as_dict(server_parameters(MeshTls(TlsVersion.V1_0, cipher_suites=tuple(CIPHER_SUITES))))
    assert (written["tls_minimum_protocol_version"], written["cipher_suites"]) == ("TLSv1_0", list(CIPHER_SUITES.values()))


def test_a_client_that_knows_no_identity_takes_those_of_an_alias_too() -> None:
    context = as_dict(upstream_mesh_tls("sni", [], ["new.local", "old.local"], []))
    assert [one["matcher"]["prefix"] for one in sans(context)] == ["spiffe://new.local/", "spiffe://old.local/"]


def test_mutual_without_files_is_still_tls() -> None:
    context = as_dict(upstream_file_tls(ClientTls(TlsMode.MUTUAL), "/os/roots.pem", []))["common_tls_context"]
    assert ("tls_certificates" in context, context["validation_context"]["trusted_ca"]) == (False, {"filename": "/os/roots.pem"})


def test_under_the_post_quantum_policy_both_sides_have_one_group_and_tls_1_3_whatever_else_is_said() -> None:
    wanted = {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3", "ecdh_curves": ["X25519MLKEM768"]}
    server = server_parameters(MeshTls(TlsVersion.V1_0, TlsVersion.V1_2, tuple(CIPHER_SUITES), ("CurveP256",), post_quantum=True))
    client = upstream_mesh_tls("", [], ["td"], [], post_quantum=True).common_tls_context.tls_params
    assert (as_dict(server), as_dict(client)) == (wanted, wanted)
