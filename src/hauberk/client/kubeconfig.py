"""The edge that reads a kubeconfig: which API, in which namespace, as whom.

Parsing, contexts and the ways to prove oneself (token, token file, exec plugin, password) are lightkube's (ADR 2). TLS is set
up here: lightkube writes inline keys into files under /tmp that outlive it, we give OpenSSL a file that exists in memory only.
"""

import base64
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx2
import yaml
from lightkube.config.client_adapter import user_auth
from lightkube.config.kubeconfig import KubeConfig, SingleConfig
from lightkube.config.models import User
from lightkube.core.exceptions import ConfigError as LightkubeConfigError

from hauberk.client.http import ApiClient
from hauberk.errors import ConfigError, NotFoundError

__all__ = ["Access"]


@dataclass(frozen=True, slots=True)
class Access:
    """How an API is reached: `server` is its URL, `namespace` the context's, `tls` is None for plain HTTP."""

    server: str
    namespace: str
    tls: ssl.SSLContext | None
    auth: httpx2.Auth | None

    @classmethod
    def read(cls, path: Path, *, context: str | None = None) -> Self:
        """Read the file; `context` by default is its current one.

        Raises: NotFoundError where there is no such file, ConfigError where it cannot be used.
        """
        if not path.is_file():
            raise NotFoundError(f"There is no kubeconfig at {path}. Start a mesh (hauberk up --detach), or set KUBECONFIG.")
        try:
            config = KubeConfig.from_file(path).get(context)
            if config is None:
                raise ConfigError(f"{path} names no current context. Set current-context in it.")
            return cls(config.cluster.server, config.namespace, _tls_of(config), user_auth(config.user) if config.user else None)
        except (LightkubeConfigError, KeyError, TypeError, ValueError, yaml.YAMLError, OSError) as error:
            raise ConfigError(f"The kubeconfig {path} cannot be used: {error}") from error

    def client(self) -> ApiClient:
        """A client of the API; close it."""
        verify = self.tls if self.tls is not None else True
        http = httpx2.AsyncClient(base_url=self.server, verify=verify, auth=self.auth, timeout=30, trust_env=False)
        return ApiClient(http)

    def headers(self) -> dict[str, str]:
        """What a connection that is not made by `client()`, a WebSocket, must send to prove itself."""
        if self.auth is None:
            return {}
        request = next(self.auth.sync_auth_flow(httpx2.Request("GET", self.server)))
        return {key: value for key, value in request.headers.items() if key == "authorization"}


def _tls_of(config: SingleConfig) -> ssl.SSLContext | None:
    if not config.cluster.server.startswith("https:"):
        return None
    cluster, user = config.cluster, config.user
    if cluster.insecure:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif cluster.certificate_auth_data:
        context = ssl.create_default_context(cadata=_decode(cluster.certificate_auth_data).decode())
    else:
        path = cluster.certificate_auth
        context = ssl.create_default_context(cafile=config.abs_file(path) if path else None)
    if user is not None and (user.client_cert or user.client_cert_data):
        _load_certificate(context, config, user)
    return context


def _load_certificate(context: ssl.SSLContext, config: SingleConfig, user: User) -> None:
    with (
        _file_of(config, user.client_cert_data, user.client_cert) as certificate,
        _file_of(config, user.client_key_data, user.client_key) as key,
    ):
        context.load_cert_chain(certificate, key)


@contextmanager
def _file_of(config: SingleConfig, data: str | None, path: str | None) -> Iterator[str]:
    """A path with the content of `data` (base64), or `path` itself; OpenSSL loads certificates from paths only."""
    if not data:
        if not path:
            raise ConfigError("a client certificate without its key")
        yield str(config.abs_file(path))
        return
    fd = os.memfd_create("kubeconfig", os.MFD_CLOEXEC)
    try:
        os.write(fd, _decode(data))
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)


def _decode(data: str) -> bytes:
    """Inline data. Raises: ValueError; nothing at all must not pass, since OpenSSL would take the system's roots instead."""
    decoded = base64.b64decode(data, validate=True)
    if not decoded.strip():
        raise ValueError("inline data are empty")
    return decoded
