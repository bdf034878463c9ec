"""Questions that are answered and not stored: whose token is this, who am I, may somebody do something.

No I/O beyond the store.
"""

from collections.abc import Callable, Sequence
from typing import Any

from hauberk.apiserver.api import Api
from hauberk.apiserver.authorize import Rule, decide, rules_of
from hauberk.apiserver.decode import parse_body
from hauberk.apiserver.metadata import timestamp
from hauberk.apiserver.request import Reply, Target, User
from hauberk.apiserver.status import Cause, bad_request, invalid
from hauberk.apiserver.tokens import API_AUDIENCE, InvalidToken
from hauberk.k8s.kind import Kind, Manifest

__all__ = ["REVIEWS", "Review", "answer_review"]

_ACCESS = Kind("authorization.k8s.io", "v1", "", "")
Review = Callable[[Api, User, Manifest, str], Manifest]
"""From the asker, the review as sent and the namespace in the path, to the review with its status."""


def answer_review(api: Api, user: User, target: Target, *, body: bytes, content_type: str) -> Reply:
    """The answer to a review of the resource that `target` names.

    Raises: ApiError 400, 415, 422.
    """
    group, kind, review = REVIEWS[target.resource]
    sent = parse_body(body, content_type) if body.strip() else {}
    if not isinstance(sent, dict) or not isinstance(sent.get("spec", {}), dict):
        raise bad_request(f"the body must be a {kind} of {group}/v1")
    answer = {
        "kind": kind,
        "apiVersion": f"{group}/v1",
        "metadata": {"creationTimestamp": timestamp(api.source.now())} if kind == "SelfSubjectReview" else {"creationTimestamp": None},
    }
    if "spec" in sent:
        answer["spec"] = sent["spec"]
    return Reply(answer | {"status": review(api, user, sent.get("spec", {}), target.namespace)}, 201)


def _token_review(api: Api, _user: User, spec: Manifest, _namespace: str) -> Manifest:
    token, audiences = spec.get("token"), spec.get("audiences") or [API_AUDIENCE]
    if not token:
        raise bad_request("token is required for TokenReview in authentication")
    try:
        user = api.authenticator.review(str(token), audiences, reader=api.reader, now=api.source.now())
    except InvalidToken as error:
        return {"user": {}, "error": str(error)}
    return {"authenticated": True, "user": _user_info(user), "audiences": audiences}


def _self_review(_api: Api, user: User, _spec: Manifest, _namespace: str) -> Manifest:
    return {"userInfo": _user_info(user)}


def _self_access(api: Api, user: User, spec: Manifest, _namespace: str) -> Manifest:
    return _access(api, user, spec, [])


def _access_of_other(api: Api, _user: User, spec: Manifest, namespace: str) -> Manifest:
    causes = []
    if not spec.get("user") and not spec.get("groups"):
        causes = [Cause("spec.user", 'Invalid value: "": at least one of user or group must be specified')]
    if namespace and spec.get("resourceAttributes", {}).get("namespace") != namespace:
        causes.append(Cause("spec.resourceAttributes.namespace", f'Invalid value: "": must match metadata.namespace "{namespace}"'))
    return _access(api, User(str(spec.get("user", "")), tuple(spec.get("groups") or ())), spec, causes)


def _access(api: Api, user: User, spec: Manifest, causes: Sequence[Cause]) -> Manifest:
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (resource is None) == (other is None):
        message = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        causes = [Cause("spec.resourceAttributes", message), *causes]
    if causes:
        raise invalid(_ACCESS, "", causes)
    if resource is None:
        target = Target(str((other or {}).get("verb", "")), str((other or {}).get("path", "")))
    else:
        words = {key: str(resource.get(key) or "") for key in ("group", "version", "resource", "namespace", "name", "subresource")}
        target = Target(str(resource.get("verb", "")), "", **words)
    return {"allowed": decide(user, target, api.reader)}


def _rules(_api: Api, user: User, _spec: Manifest, _namespace: str) -> Manifest:
    rules = rules_of(user)
    if rules is None:
        everything: Sequence[Any] = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        return {"resourceRules": everything, "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": False}
    paths = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"]
    return {
        "resourceRules": [_rule(rule) for rule in rules],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": paths}],
        "incomplete": any(rule.condition for rule in rules),
    }


def _rule(rule: Rule) -> Manifest:
    return {"verbs": list(rule.verbs), "apiGroups": [rule.group], "resources": list(rule.resources)}


def _user_info(user: User) -> Manifest:
    info: Manifest = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    info["groups"] = list(user.groups)
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    return info


REVIEWS: dict[str, tuple[str, str, Review]] = {
    "tokenreviews": ("authentication.k8s.io", "TokenReview", _token_review),
    "selfsubjectreviews": ("authentication.k8s.io", "SelfSubjectReview", _self_review),
    "selfsubjectaccessreviews": ("authorization.k8s.io", "SelfSubjectAccessReview", _self_access),
    "selfsubjectrulesreviews": ("authorization.k8s.io", "SelfSubjectRulesReview", _rules),
    "subjectaccessreviews": ("authorization.k8s.io", "SubjectAccessReview", _access_of_other),
    "localsubjectaccessreviews": ("authorization.k8s.io", "LocalSubjectAccessReview", _access_of_other),
}
