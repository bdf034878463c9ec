"""`/token` of ServiceAccounts: a TokenRequest is answered with a signed token.

No I/O beyond the store. Source: kubernetes/pkg/registry/core/serviceaccount/storage/token.go.
"""

from datetime import timedelta

from hauberk.apiserver.api import Api
from hauberk.apiserver.decode import parse_body
from hauberk.apiserver.metadata import timestamp
from hauberk.apiserver.request import Call, Reply
from hauberk.apiserver.status import Cause, bad_request, conflict, invalid, not_found
from hauberk.apiserver.tokens import API_AUDIENCE, BoundObject, TokenRequest, issue_token
from hauberk.k8s import core
from hauberk.k8s.kind import Kind, Manifest

__all__ = ["request_token"]

_TOKEN_REQUEST = Kind("authentication.k8s.io", "v1", "TokenRequest", "tokenrequests")
_DEFAULT_SECONDS = 3600
_SHORTEST_SECONDS = 600
_LONGEST_SECONDS = 2**32


async def request_token(api: Api, call: Call) -> Reply:
    """A token of the ServiceAccount, for the audiences, the time and the pod that the body asks for.

    Raises: ApiError 400, 404, 409, 422.
    """
    body = parse_body(call.body, call.content_type) if call.body.strip() else {}
    spec = body.get("spec", {}) if isinstance(body, dict) else None
    if not isinstance(spec, dict):
        raise bad_request("the body must be an authentication.k8s.io/v1 TokenRequest")
    account = api.reader.get(core.SERVICE_ACCOUNT, call.namespace, call.name)
    if account is None:
        raise not_found(core.SERVICE_ACCOUNT, call.name)
    seconds = _lifetime(spec)
    audiences = spec.get("audiences") or [API_AUDIENCE]
    pod = _bound_pod(api, call, spec.get("boundObjectRef"))
    now, ttl = api.source.now(), timedelta(seconds=seconds)
    token = issue_token(api.authenticator.signer, TokenRequest(account, audiences, ttl, api.source.uid(), pod), now=now)
    metadata = {key: account["metadata"][key] for key in ("name", "namespace", "uid")} | {"creationTimestamp": timestamp(now)}
    answer: Manifest = {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": metadata,
        "spec": {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": spec.get("boundObjectRef")},
        "status": {"token": token, "expirationTimestamp": timestamp(now + ttl)},
    }
    return Reply(answer, 201)


def _lifetime(spec: Manifest) -> int:
    seconds = spec.get("expirationSeconds", _DEFAULT_SECONDS)
    field = "spec.expirationSeconds"
    if not isinstance(seconds, int):
        raise invalid(_TOKEN_REQUEST, "", [Cause(field, f"Invalid value: {seconds!r}: must be a whole number")])
    if seconds < _SHORTEST_SECONDS:
        message = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
        raise invalid(_TOKEN_REQUEST, "", [Cause(field, message)])
    if seconds > _LONGEST_SECONDS:
        message = f"Invalid value: {seconds}: may not specify a duration larger than 2^32 seconds"
        raise invalid(_TOKEN_REQUEST, "", [Cause(field, message)])
    return seconds


def _bound_pod(api: Api, call: Call, reference: object) -> BoundObject | None:
    if not isinstance(reference, dict):
        return None
    if (reference.get("apiVersion", "v1"), reference.get("kind")) != ("v1", "Pod"):
        raise bad_request(f"cannot bind token for serviceaccount to {reference.get('kind')}: only pods are supported")
    name = str(reference.get("name", ""))
    pod = api.reader.get(core.POD, call.namespace, name)
    if pod is None:
        raise not_found(core.POD, name)
    uid, asked = pod["metadata"]["uid"], reference.get("uid")
    if asked and asked != uid:
        why = f"the UID in the bound object reference ({asked}) does not match the UID in record. The object might have been deleted"
        raise conflict(core.POD, name, f"{why} and then recreated")
    if pod["spec"].get("serviceAccountName") != call.name:
        raise bad_request(f"cannot bind token to pod {name}: it runs as serviceaccount {pod['spec'].get('serviceAccountName')}")
    return BoundObject(name, uid, pod["spec"].get("nodeName", ""))
