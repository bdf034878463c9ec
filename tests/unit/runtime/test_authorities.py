import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hauberk.agent.ca_client import CaCallFailed, MeshAddress, renew_certificate
from hauberk.client.http import ApiClient
from hauberk.client.informer import Change, ChangeType
from hauberk.controllers.mesh.membership import Mesh
from hauberk.k8s import core, maistra
from hauberk.k8s.kind import Kind
from hauberk.model.identity import SpiffeId, TrustDomain
from hauberk.model.mesh import MeshSettings
from hauberk.pki.ca import SigningCa, self_signed_ca
from hauberk.pki.csr import make_csr, parse_csr
from hauberk.pki.keys import make_key
from hauberk.pki.messages import CertificateRequest
from hauberk.pki.secrets import ca_in_use_secret
from hauberk.pki.server import Caller
from hauberk.pki.svid import X509Svid
from hauberk.runtime.authorities import Authorities
from hauberk.settings import InstancePaths

NOW = datetime.now(UTC)
SMCP = {"metadata": {"name": "basic", "namespace": "istio-system", "uid": "s"}, "spec": {"version": "v2.1"}}
ROLL = {"metadata": {"name": "default", "namespace": "istio-system", "uid": "r"}, "spec": {"members": ["books"]}}
POD = {
    "metadata": {"name": "p", "namespace": "books", "uid": "u1", "annotations": {"hauberk.io/mesh": "istio-system/basic"}},
    "spec": {"containers": []},
}
SETTINGS = MeshSettings("istio-system", "basic")


def make_ca() -> SigningCa:
    return self_signed_ca(trust_domain=TrustDomain("cluster.local"), key=make_key(), now=NOW, serial=x509.random_serial_number())


def reviewing(status: dict[str, Any]) -> ApiClient:
    """A client of an API that answers every TokenReview with `status`."""

    async def answer(request: Request) -> JSONResponse:
        assert orjson.loads(await request.body())["spec"] == {"token": "t", "audiences": ["istio-ca"]}
        return JSONResponse({"status": status}, 201)

    app = Starlette(routes=[Route("/apis/authentication.k8s.io/v1/tokenreviews", answer, methods=["POST"])])
    return ApiClient(httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://api"))


def with_objects(authorities: Authorities, *objects: tuple[Kind, dict[str, Any]]) -> Authorities:
    for kind, obj in objects:
        authorities.taking(kind)(Change(ChangeType.ADDED, obj, None))
    return authorities


def run(tmp_path: Path, body: Callable[[Authorities], Awaitable[Any]], client: ApiClient | None = None) -> Any:
    """Run `body` beside the authorities, in a folder of the test's own."""

    async def beside() -> Any:
        authorities = Authorities(client or reviewing({}), InstancePaths(tmp_path, tmp_path))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(authorities.run())
            try:
                return await asyncio.wait_for(body(authorities), 20)
            finally:
                running.cancel()

    return asyncio.run(beside())


def test_discovery_waits_for_the_ca_and_then_shows_a_certificate_of_it(tmp_path: Path) -> None:
    ca = make_ca()

    async def body(authorities: Authorities) -> Any:
        with_objects(authorities, (maistra.SERVICE_MESH_CONTROL_PLANE, SMCP))
        waiting = asyncio.ensure_future(authorities.credentials_of(SETTINGS))  # noqa: TID251 - awaited below
        await asyncio.sleep(0)
        assert not waiting.done()
        with_objects(authorities, (core.SECRET, ca_in_use_secret(ca, "istio-system")))
        return (await waiting)()

    shown = run(tmp_path, body)
    assert shown.bundle == ca.bundle
    names = shown.svid.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["istiod-basic.istio-system.svc", "istiod.istio-system.svc"]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://cluster.local/ns/istio-system/sa/istiod-basic"]
    assert shown.svid.leaf.issuer == ca.issuer.certificate.subject


def test_a_replaced_ca_is_shown_from_then_on_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    first, second = make_ca(), make_ca()

    async def body(authorities: Authorities) -> Any:
        with_objects(authorities, (maistra.SERVICE_MESH_CONTROL_PLANE, SMCP), (core.SECRET, ca_in_use_secret(first, "istio-system")))
        credentials = await authorities.credentials_of(SETTINGS)
        with_objects(authorities, (core.SECRET, ca_in_use_secret(second, "istio-system")))
        while credentials().bundle != second.bundle:  # noqa: ASYNC110 - it is what a handshake would see; run() has a deadline
            await asyncio.sleep(0)
        broken = ca_in_use_secret(first, "istio-system") | {"data": {"ca-cert.pem": "Z2FyYmFnZQ==", "ca-key.pem": "Z2FyYmFnZQ=="}}
        with_objects(authorities, (core.SECRET, broken))
        for _ in range(20):
            await asyncio.sleep(0)
        return credentials().bundle

    assert run(tmp_path, body) == second.bundle


@pytest.mark.parametrize(
    ("caller", "objection"),
    [
        (Caller("books", "reader", pod="p", pod_uid="u1"), None),
        (Caller("books", "reader", pod="p", pod_uid="another"), "bound to no pod that is there"),
        (Caller("books", "reader", pod="gone"), "bound to no pod that is there"),
        (Caller("books", "reader"), "bound to no pod that is there"),
        (Caller("outside", "reader", pod="p"), "Namespace outside is not a member of mesh istio-system/basic"),
    ],
)
def test_only_a_pod_that_was_given_to_the_mesh_gets_a_certificate(tmp_path: Path, caller: Caller, objection: str | None) -> None:
    authorities = with_objects(
        Authorities(reviewing({}), InstancePaths(tmp_path, tmp_path)),
        (maistra.SERVICE_MESH_CONTROL_PLANE, SMCP),
        (maistra.SERVICE_MESH_MEMBER_ROLL, ROLL),
        (core.POD, POD),
    )
    answer = authorities.objection_to(Mesh("istio-system", "basic"), caller)
    assert answer is None if objection is None else objection in (answer or "")


USER = {"username": "system:serviceaccount:books:reader", "extra": {"authentication.kubernetes.io/pod-name": ["p"]}}


@pytest.mark.parametrize(
    ("status", "caller"),
    [
        ({"authenticated": True, "audiences": ["istio-ca"], "user": USER}, Caller("books", "reader", pod="p")),
        ({"authenticated": True, "audiences": ["other"], "user": USER}, None),
        ({"authenticated": False, "error": "expired"}, None),
        ({"authenticated": True, "audiences": ["istio-ca"], "user": {"username": "admin"}}, None),
    ],
)
def test_only_a_service_accounts_token_for_the_ca_proves_anything(tmp_path: Path, status: dict[str, Any], caller: Caller | None) -> None:
    authorities = Authorities(reviewing(status), InstancePaths(tmp_path, tmp_path))
    assert asyncio.run(authorities.authenticate("t")) == caller


def test_a_new_list_alone_reaches_the_ca_and_its_certificate_is_no_proof_any_more(tmp_path: Path) -> None:
    ca, key, identity = make_ca(), make_key(), SpiffeId.for_workload(TrustDomain("cluster.local"), "books", "default")
    request = CertificateRequest(make_csr(key, identity), timedelta(hours=1))
    svid = X509Svid(ca.issue(parse_csr(request.csr), identity, ttl=timedelta(hours=1), now=NOW, serial=5), key)
    revoked = x509.RevokedCertificateBuilder().serial_number(5).revocation_date(NOW).build()
    listing = x509.CertificateRevocationListBuilder().issuer_name(ca.issuer.certificate.subject).add_revoked_certificate(revoked)
    crl = listing.last_update(NOW).next_update(NOW + timedelta(days=1)).sign(ca.issuer.key, hashes.SHA256())

    async def body(authorities: Authorities) -> None:
        planes = ((maistra.SERVICE_MESH_CONTROL_PLANE, SMCP), (maistra.SERVICE_MESH_MEMBER_ROLL, ROLL), (core.POD, POD))
        with_objects(authorities, *planes, (core.SECRET, ca_in_use_secret(ca, "istio-system")))
        await authorities.credentials_of(SETTINGS)
        folder = InstancePaths(tmp_path, tmp_path).mesh_run("istio-system", "basic")
        mesh = MeshAddress("istio-system", "basic", TrustDomain("cluster.local"), folder)
        await renew_certificate(mesh, request, svid=svid, bundle=ca.bundle)
        with_objects(authorities, (core.SECRET, ca_in_use_secret(replace(ca, crls=(crl,)), "istio-system")))

        async def renew_for_ever() -> None:  # that is, until the server has the list; run() has a deadline
            while True:
                await renew_certificate(mesh, request, svid=svid, bundle=ca.bundle)

        with pytest.raises(CaCallFailed, match="This certificate is revoked"):
            await renew_for_ever()

    run(tmp_path, body)
