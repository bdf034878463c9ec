"""Servers that show what arrived, and a client, for each DestinationRule mode: manifests as text, certificates as PEM."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["LabCertificates", "destination_rule", "lab_manifests", "make_certificates", "outside_client"]

LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LabCertificates:
    """PEM texts: a CA that is nobody's mesh, and what it signed for the lab's servers and its one client."""

    ca: str
    server: str
    server_key: str
    client: str
    client_key: str


def make_certificates(now: datetime) -> LabCertificates:
    """A CA for a day, a server certificate for tls.lab and mutual.lab, and a client certificate `CN=lab-client`."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lab CA, not the mesh's")])
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server, server_key = _leaf(
        ca, ca_key, "lab-server", now, dns=[name + suffix for name in ("tls", "mutual") for suffix in (".lab", ".lab.svc.cluster.local")]
    )
    client, client_key = _leaf(ca, ca_key, "lab-client", now)
    return LabCertificates(ca.public_bytes(Encoding.PEM).decode(), server, server_key, client, client_key)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=2))
        .not_valid_after(now + LIFETIME)
    )


def _leaf(
    ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, common_name: str, now: datetime, *, dns: Sequence[str] = ()
) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    usage = ExtendedKeyUsageOID.SERVER_AUTH if dns else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = _builder(subject, ca.subject, key.public_key(), now)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if dns:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in dns]), critical=False)
    certificate = builder.sign(ca_key, hashes.SHA256())
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), key_pem.decode()


def lab_manifests(certificates: LabCertificates) -> str:
    """The lab's objects as YAML documents: servers in namespace `lab`, their client in `caller`.

    `plain`: HTTP, no sidecar. `strict`: HTTP, sidecar. `tls`, `mutual`: TLS servers of their own, no sidecar. `client`: a
    sidecar with the lab CA and the client certificate below /etc/lab.
    """
    secrets = [
        _secret("lab-server", {"tls.crt": certificates.server, "tls.key": certificates.server_key, "ca.crt": certificates.ca}, "lab"),
        _secret("lab-client", {"tls.crt": certificates.client, "tls.key": certificates.client_key, "ca.crt": certificates.ca}, "caller"),
    ]
    pods = [
        _pod("plain", "hauberk/echo", sidecar=False),
        _pod("strict", "hauberk/echo", sidecar=True),
        _pod("tls", "hauberk/tls-echo", sidecar=False, files="lab-server", client_auth="none"),
        _pod("mutual", "hauberk/tls-echo", sidecar=False, files="lab-server", client_auth="require"),
        _pod("client", "hauberk/sleep", sidecar=True, files="lab-client", namespace="caller"),
    ]
    services = [_service("plain", 8080), _service("strict", 8080), _service("tls", 8443), _service("mutual", 8443)]
    return "---\n".join([*secrets, *pods, *services])


def _secret(name: str, files: dict[str, str], namespace: str) -> str:
    lines = [f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: {namespace}}}\nstringData:\n"]
    for key, text in files.items():
        lines.append(f"  {key}: |\n" + "".join(f"    {line}\n" for line in text.splitlines()))
    return "".join(lines)


def _pod(name: str, image: str, *, sidecar: bool, files: str = "", client_auth: str = "", namespace: str = "lab") -> str:
    annotations = {"sidecar.istio.io/inject": f'"{str(sidecar).lower()}"'}
    if sidecar and files:  # Envoy itself reads the files that a DestinationRule names
        annotations["sidecar.istio.io/userVolume"] = f"""'[{{"name":"lab","secret":{{"secretName":"{files}"}}}}]'"""
        annotations["sidecar.istio.io/userVolumeMount"] = """'[{"name":"lab","mountPath":"/etc/lab","readOnly":true}]'"""
    mounted = bool(files) and not sidecar
    return (
        f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: {namespace}}}\n---\n"
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels: {{app: {name}}}\n  annotations:\n"
        + "".join(f"    {key}: {value}\n" for key, value in annotations.items())
        + f"spec:\n  serviceAccountName: {name}\n  terminationGracePeriodSeconds: 2\n  containers:\n  - name: {name}\n    image: {image}\n"
        + (f"    env: [{{name: TLS_DIR, value: /etc/lab}}, {{name: CLIENT_AUTH, value: {client_auth}}}]\n" if client_auth else "")
        + ("    volumeMounts: [{name: lab, mountPath: /etc/lab, readOnly: true}]\n" if mounted else "")
        + (f"  volumes: [{{name: lab, secret: {{secretName: {files}}}}}]\n" if mounted else "")
    )


def _service(name: str, target_port: int) -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: lab}}\n"
        f"spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80, targetPort: {target_port}}}]}}\n"
    )


def destination_rule(name: str, tls: str) -> str:
    """A DestinationRule in `caller` for Service `name` of `lab`, with the `tls` block given as flow YAML.

    For the client's namespace alone: the files that it may name are in no other sidecar.
    """
    return (
        f"apiVersion: networking.istio.io/v1beta1\nkind: DestinationRule\nmetadata: {{name: {name}, namespace: caller}}\n"
        f"spec:\n  host: {name}.lab.svc.cluster.local\n  exportTo: ['.']\n  trafficPolicy:\n    tls: {tls}\n"
    )


def outside_client(name: str) -> str:
    """A pod outside every mesh that asks Bookinfo's details once, prints what it got, and ends."""
    program = (
        "import urllib.request as u\n"
        "try: print('status', u.urlopen('http://details.bookinfo:9080/details/0', timeout=5).status)\n"
        "except Exception as error: print('refused:', error)\n"
    )
    command = "".join(f"        {line}\n" for line in program.splitlines())
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: outside}}\n"
        "spec:\n  restartPolicy: Never\n  containers:\n  - name: ask\n    image: localhost/none\n"
        f"    command:\n    - python3\n    - -c\n    - |\n{command}"
    )
