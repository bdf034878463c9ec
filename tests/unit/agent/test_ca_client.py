"""One call to a real CA: answered, refused in its own words, away, and not fooled by a stranger on the socket."""

import asyncio
from datetime import timedelta

import pytest

from hauberk.agent.ca_client import CaCallFailed, request_certificate
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.pki.certificates import parse_certificates, spiffe_id_of
from hauberk.pki.csr import make_csr
from hauberk.pki.keys import make_key
from hauberk.pki.messages import CertificateRequest

DETAILS = SpiffeId.for_workload(TrustDomain("cluster.local"), "bookinfo", "bookinfo-details")


def ask(mesh, *, token: str = "a-token", bundle=None) -> tuple[str, ...]:  # noqa: S107
    request = CertificateRequest(make_csr(make_key(), DETAILS), timedelta(hours=1))
    return asyncio.run(_ask(mesh, request, token, bundle or mesh.ca.bundle))


async def _ask(mesh, request: CertificateRequest, token: str, bundle) -> tuple[str, ...]:
    async with mesh.running_ca():
        return await request_certificate(mesh.address, request, token=token, bundle=bundle)


def test_the_servers_name_is_istiods(mesh) -> None:
    assert mesh.address.server_name == "istiod-basic.istio-system.svc"


def test_a_chain_is_answered(mesh) -> None:
    leaf, roots = ask(mesh)
    assert spiffe_id_of(parse_certificates(leaf.encode())[0]) == DETAILS
    assert roots == mesh.ca.bundle.to_pem().decode()


def test_a_refusal_comes_in_the_cas_words(mesh) -> None:
    with pytest.raises(CaCallFailed, match="CA of mesh istio-system/basic: unauthenticated: request authenticate failure"):
        ask(mesh, token="forged")


def test_a_stranger_on_the_socket_is_not_told_the_token(mesh, make_ca) -> None:
    with pytest.raises(CaCallFailed, match=r"unavailable: .*CERTIFICATE_VERIFY_FAILED"):
        ask(mesh, bundle=make_ca(2).bundle)


def test_a_ca_that_is_away_is_named(mesh) -> None:
    request = CertificateRequest(make_csr(make_key(), DETAILS), timedelta(hours=1))
    with pytest.raises(CaCallFailed, match="CA of mesh istio-system/basic: unavailable: "):
        asyncio.run(request_certificate(mesh.address, request, token="a-token", bundle=mesh.ca.bundle))
