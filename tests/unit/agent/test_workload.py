"""The agent's story: a certificate before Envoy starts, a fresh one at half life, the old one kept while the CA is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from structlog.testing import capture_logs

from hauberk.agent.launch import plan_launch
from hauberk.agent.workload import WorkloadAgent
from hauberk.pki.certificates import fingerprint, parse_certificates
from hauberk.pki.keys import parse_key, same_key
from hauberk.pki.svid import X509Bundle
from hauberk.pki.verify import verify_chain

PAST_HALF_LIFE = timedelta(hours=1, minutes=5)


def leaf_of(mesh):
    return parse_certificates(mesh.file("cert-chain.pem"))[0]


def serial_of(mesh) -> int:
    return leaf_of(mesh).serial_number


def issuer_of(mesh) -> str:
    return leaf_of(mesh).issuer.rfc4514_string()


@asynccontextmanager
async def running(agent: WorkloadAgent) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(agent.run(stop))
        try:
            yield
        finally:
            stop.set()


def test_a_pod_gets_key_chain_roots_and_bootstrap_before_its_envoy_starts(mesh, pod) -> None:
    async def story():
        async with mesh.running_ca():
            return await WorkloadAgent(mesh.ports()).prepare(pod, mesh.pod_folder, mesh.wait_told)

    launch = asyncio.run(story())
    assert launch == plan_launch(Path("/opt/envoy"), mesh.pod_folder, mesh.folder)
    assert (mesh.pod_folder / "proxy" / "envoy-rev.json").read_bytes() == b'{"node": {"id": "details-v1-abc"}}'
    chain = parse_certificates(mesh.file("cert-chain.pem"))
    assert verify_chain(chain, mesh.ca.bundle.roots, now=mesh.now) == chain
    assert same_key(parse_key(mesh.file("key.pem")).public_key(), chain[0].public_key())
    assert mesh.file("root-cert.pem") == mesh.ca.bundle.to_pem()
    assert mesh.waiting == []


def test_a_pod_waits_for_the_roots_and_the_ca_and_says_why(mesh, pod) -> None:
    published, mesh.published = mesh.published, None

    async def story() -> None:
        async def heal() -> None:
            await told.wait()
            mesh.published = published
            await mesh.start_ca()

        told = asyncio.Event()
        mesh.on_waiting = told.set
        async with asyncio.TaskGroup() as group:
            group.create_task(heal())
            await WorkloadAgent(mesh.ports()).prepare(pod, mesh.pod_folder, mesh.wait_told)
        await mesh.stop_ca()

    asyncio.run(story())
    assert mesh.waiting == ["ConfigMap bookinfo/istio-ca-root-cert is not there yet. Is the namespace a member of mesh istio-system/basic?"]
    assert leaf_of(mesh)


def test_a_second_start_of_the_same_pod_keeps_the_certificate_unless_it_has_ended(mesh, pod) -> None:
    async def story() -> list[int]:
        agent = WorkloadAgent(mesh.ports())
        serials = []
        async with mesh.running_ca():
            for later in (timedelta(), timedelta(minutes=110), timedelta(minutes=20)):
                mesh.pass_time(later)
                await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
                serials.append(serial_of(mesh))
        return serials

    first, second, third = asyncio.run(story())
    assert first == second != third


def test_a_certificate_is_renewed_with_a_new_key_at_half_life(mesh, pod, until) -> None:
    async def story() -> tuple[bytes, int]:
        agent = WorkloadAgent(mesh.ports())
        async with mesh.running_ca():
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
            key, serial = mesh.file("key.pem"), serial_of(mesh)
            mesh.pass_time(PAST_HALF_LIFE)
            async with running(agent):
                await until(lambda: serial_of(mesh) != serial)
            return key, serial

    old_key, _ = asyncio.run(story())
    assert mesh.file("key.pem") != old_key
    assert leaf_of(mesh).not_valid_after_utc == mesh.now + timedelta(hours=2)
    assert same_key(parse_key(mesh.file("key.pem")).public_key(), leaf_of(mesh).public_key())


@pytest.mark.parametrize(
    ("later", "level", "event"),
    [
        (PAST_HALF_LIFE, "warning", "certificate not renewed, the one in use stays"),
        (timedelta(minutes=100), "error", "certificate is about to end and cannot be renewed: traffic of this pod will fail"),
    ],
)
def test_while_the_ca_is_away_the_old_pair_stays_and_little_life_left_is_said_loudly(
    mesh, pod, until, later: timedelta, level: str, event: str
) -> None:
    async def story() -> tuple[int, list[dict[str, object]]]:
        agent = WorkloadAgent(mesh.ports())
        async with mesh.running_ca():
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
        serial = serial_of(mesh)
        mesh.pass_time(later)
        with capture_logs() as logs:
            async with running(agent):
                await until(lambda: bool(logs))
        return serial, [dict(entry) for entry in logs]

    serial, (entry, *_) = asyncio.run(story())
    assert serial_of(mesh) == serial
    assert (entry["log_level"], entry["event"], entry["left"]) == (level, event, str(timedelta(hours=2) - later))
    assert "CA of mesh istio-system/basic: unavailable" in str(entry["reason"])


def test_changed_roots_are_taken_at_once_and_the_new_ca_signs(mesh, pod, make_ca, until) -> None:
    new = make_ca(2)

    async def story() -> None:
        agent = WorkloadAgent(mesh.ports())
        async with mesh.running_ca(), running(agent):
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
            mesh.replace_ca(new)
            agent.roots_changed("elsewhere")
            agent.roots_changed("bookinfo")
            await until(lambda: issuer_of(mesh) == new.issuer.certificate.subject.rfc4514_string())

    asyncio.run(story())
    assert mesh.file("root-cert.pem").decode() == mesh.published


def test_new_roots_do_not_wait_for_a_ca_that_is_away(mesh, pod, make_ca, until) -> None:
    async def story() -> int:
        agent = WorkloadAgent(mesh.ports())
        async with mesh.running_ca():
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
        serial = serial_of(mesh)
        async with running(agent):
            mesh.replace_ca(make_ca(2))
            agent.roots_changed("bookinfo")
            await until(lambda: mesh.file("root-cert.pem").decode() == mesh.published)
        return serial

    assert asyncio.run(story()) == serial_of(mesh)
    assert len(X509Bundle.parse(mesh.ca.trust_domain, mesh.file("root-cert.pem")).roots) == 2


def test_a_renewal_goes_on_after_failures(mesh, pod, until) -> None:
    async def story() -> None:
        agent = WorkloadAgent(mesh.ports())
        async with mesh.running_ca():
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
        serial = serial_of(mesh)
        mesh.pass_time(PAST_HALF_LIFE)
        with capture_logs() as logs:
            async with running(agent):
                await until(lambda: bool(logs))
                mesh.pass_time(timedelta(minutes=1))
                async with mesh.running_ca():
                    await until(lambda: serial_of(mesh) != serial)

    asyncio.run(story())


def test_a_released_pod_is_renewed_no_more(mesh, pod, until) -> None:
    async def story() -> None:
        agent = WorkloadAgent(mesh.ports())
        async with mesh.running_ca(), running(agent):
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
            assert tending()
            await agent.release("uid-of-details-v1-abc")
            await agent.release("never heard of")
            await until(lambda: not tending())

    def tending() -> bool:
        return any("_keep_fresh" in str(task.get_coro()) for task in asyncio.all_tasks())

    asyncio.run(story())


def test_a_certificate_for_another_account_is_never_written(mesh, pod) -> None:
    mesh.caller = mesh.caller.__class__("bookinfo", "bookinfo-reviews")

    async def story() -> None:
        async with mesh.running_ca(), asyncio.TaskGroup() as group:
            preparing = group.create_task(WorkloadAgent(mesh.ports()).prepare(pod, mesh.pod_folder, mesh.wait_told))
            mesh.on_waiting = preparing.cancel

    asyncio.run(story())
    assert "invalid_argument: The request asks for spiffe://cluster.local/ns/bookinfo/sa/bookinfo-details" in mesh.waiting[0]
    assert not mesh.pod_folder.exists()


def test_what_a_workload_has_is_reported_and_each_change_once(mesh, pod, make_ca, until) -> None:
    new = make_ca(2)

    async def story() -> None:
        agent = WorkloadAgent(mesh.ports())
        async with mesh.running_ca(), running(agent):
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
            await until(lambda: len(mesh.reports) == 1)
            agent.roots_changed("bookinfo")  # nothing has changed
            mesh.replace_ca(new)
            agent.roots_changed("bookinfo")
            await until(lambda: len(mesh.reports) == 3)

    first, (old_signer, old_roots) = mesh.ca, (fingerprint(mesh.ca.path[0]), frozenset(mesh.ca.bundle.fingerprints()))
    asyncio.run(story())
    both = old_roots | set(new.bundle.fingerprints())
    assert first != new
    assert [(held.issuer, held.roots) for held in mesh.reports] == [
        (old_signer, old_roots),
        (old_signer, both),
        (fingerprint(new.path[0]), both),
    ]


def test_a_change_of_the_roots_alone_costs_no_certificate_where_the_signer_is_announced(mesh, pod, make_ca, until) -> None:
    async def story() -> None:
        agent = WorkloadAgent(mesh.ports())
        mesh.announced = fingerprint(mesh.ca.path[0])
        async with mesh.running_ca(), running(agent):
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
            await until(lambda: len(mesh.reports) == 1)
            serial = serial_of(mesh)
            mesh.published = mesh.ca.bundle.union(make_ca(2).bundle).to_pem().decode()
            agent.roots_changed("bookinfo")
            await until(lambda: len(mesh.reports) == 2)
            assert serial_of(mesh) == serial

    asyncio.run(story())


def test_a_signer_that_is_announced_too_early_is_asked_for_again(mesh, pod, make_ca, until) -> None:
    new = make_ca(2)

    async def story() -> None:
        agent = WorkloadAgent(mesh.ports())
        async with mesh.running_ca(), running(agent):
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
            mesh.announced = fingerprint(new.path[0])
            mesh.published = mesh.ca.bundle.union(new.bundle).to_pem().decode()
            with capture_logs() as logs:
                agent.roots_changed("bookinfo")
                await until(lambda: any("certifies by" in str(entry.get("reason")) for entry in logs))
            mesh.replace_ca(new)
            mesh.pass_time(timedelta(minutes=2))
            agent.roots_changed("bookinfo")
            await until(lambda: issuer_of(mesh) == new.issuer.certificate.subject.rfc4514_string())

    asyncio.run(story())


def test_revocation_lists_are_written_and_cleared(mesh, pod, until) -> None:
    async def story() -> bytes:
        agent = WorkloadAgent(mesh.ports())
        async with mesh.running_ca(), running(agent):
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
            await until(lambda: len(mesh.reports) == 1)
            mesh.published_crl = "a list"
            agent.roots_changed("bookinfo")
            await until(lambda: len(mesh.reports) == 2)
            there = mesh.file("ca-crl.pem")
            mesh.published_crl = ""
            agent.roots_changed("bookinfo")
            await until(lambda: len(mesh.reports) == 3)
            return there

    assert asyncio.run(story()) == b"a list"
    assert not (mesh.pod_folder / "credentials" / "current" / "ca-crl.pem").exists()
    assert [bool(held.crl) for held in mesh.reports] == [False, True, False]


def proofs_in(logs) -> list[str]:
    return [str(entry["proof"]) for entry in logs if entry["event"] == "certificate issued"]


async def renewed(mesh, pod, until) -> list[dict[str, object]]:
    """What is logged while a pod gets its first certificate and, past half of its life, the next."""
    agent = WorkloadAgent(mesh.ports())
    # gRPC judges a client's certificate by the real clock: up to there, where it must not have ended.
    mesh.pass_time(timedelta(hours=4, minutes=30))
    with capture_logs() as logs:
        async with mesh.running_ca():
            await agent.prepare(pod, mesh.pod_folder, mesh.wait_told)
            serial = serial_of(mesh)
            mesh.on_prepared()
            mesh.pass_time(PAST_HALF_LIFE)
            async with running(agent):
                await until(lambda: serial_of(mesh) != serial)
    return [dict(entry) for entry in logs]


def test_a_renewal_is_proven_by_the_certificate_in_use(mesh, pod, until) -> None:
    assert proofs_in(asyncio.run(renewed(mesh, pod, until))) == ["token", "certificate"]
    assert mesh.tokens == 1


def test_a_revoked_certificate_proves_nothing_and_the_token_does(mesh, pod, until) -> None:
    def revoke() -> None:
        mesh.server.replace_ca(replace(mesh.ca, crls=(list_of(mesh.ca, serial_of(mesh)),)))

    mesh.on_prepared = revoke
    logs = asyncio.run(renewed(mesh, pod, until))
    assert proofs_in(logs) == ["token", "token"]
    refusal = next(entry for entry in logs if entry["event"] == "certificate refused")
    assert refusal["reason"] == "This certificate is revoked. Prove yourself by a token."
    assert any("unauthenticated" in str(entry.get("reason")) for entry in logs if entry["event"].startswith("the CA took the token"))


def test_a_certificate_of_a_root_that_the_ca_knows_no_more_gives_way_to_the_token(mesh, pod, make_ca, until) -> None:
    def forget() -> None:
        new = make_ca(2)
        mesh.replace_ca(new)

    mesh.on_prepared = forget
    assert proofs_in(asyncio.run(renewed(mesh, pod, until))) == ["token", "token"]


def list_of(ca, *serials: int) -> x509.CertificateRevocationList:
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.path[0].subject).last_update(now).next_update(now + timedelta(days=1))
    for serial in serials:
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build())
    return builder.sign(ca.issuer.key, SHA256())
