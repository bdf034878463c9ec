"""What the server says it serves: /api, /apis, the lists below them, and all at once in the aggregated form.

No I/O. Source: k8s.io/apiserver/pkg/endpoints/discovery, KEP-3352 (aggregated discovery).
"""

from collections.abc import Sequence
from typing import Any

from hauberk.apiserver.catalogue import VERBS, Catalogue, Served, Subresource, subresources_of
from hauberk.k8s.kind import Manifest

__all__ = ["REVIEWS", "aggregated", "api_group", "api_groups", "api_resources", "api_versions", "definition_list", "has_group_version"]

REVIEWS: dict[str, Sequence[tuple[str, str, bool]]] = {
    "authentication.k8s.io": (("selfsubjectreviews", "SelfSubjectReview", False), ("tokenreviews", "TokenReview", False)),
    "authorization.k8s.io": (
        ("localsubjectaccessreviews", "LocalSubjectAccessReview", True),
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview", False),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview", False),
        ("subjectaccessreviews", "SubjectAccessReview", False),
    ),
}
"""Resources that are questions, answered and not stored: plural, kind, namespaced; all in version v1."""

_EXTRA_CATEGORIES = {"pods": ("all",), "services": ("all",), "deployments.apps": ("all",), "replicasets.apps": ("all",)}


def api_versions(address: str) -> Manifest:
    """The answer to /api; `address` is the server's `host:port` as clients reach it."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def api_groups(catalogue: Catalogue) -> Manifest:
    """The answer to /apis: every group but the core one."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(catalogue, group) for group in _groups(catalogue) if group]}


def api_group(catalogue: Catalogue, group: str) -> Manifest:
    """The answer to /apis/<group>."""
    return {"kind": "APIGroup", "apiVersion": "v1"} | _group(catalogue, group)


def api_resources(catalogue: Catalogue, group: str, version: str) -> Manifest:
    """The answer to /api/v1 or /apis/<group>/<version>."""
    resources: list[Manifest] = []
    for served in catalogue.resources(group, version):
        resources.append(_resource(served))
        resources += [_subresource(served, subresource) for subresource in subresources_of(served)]
    for plural, kind, namespaced in _reviews(group, version):
        resources.append({"name": plural, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind, "verbs": ["create"]})
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def has_group_version(catalogue: Catalogue, group: str, version: str | None = None) -> bool:
    """Whether a group, or a version of it, is served."""
    versions = _versions(catalogue, group)
    return bool(versions) if version is None else version in versions


def aggregated(catalogue: Catalogue, *, core: bool, version: str) -> Manifest:
    """All groups with all their resources: the core group for /api, the others for /apis. `version` is v2 or v2beta1."""
    groups = [group for group in _groups(catalogue) if (group == "") is core]
    items = [
        {
            "metadata": ({"name": group} if group else {}) | {"creationTimestamp": None},
            "versions": [_aggregated_version(catalogue, group, at) for at in _versions(catalogue, group)],
        }
        for group in groups
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{version}", "metadata": {}, "items": items}


def definition_list(catalogue: Catalogue) -> Manifest:
    """Which custom resources there are, as a CustomResourceDefinitionList without schemas.

    kubectl looks into it before it says that nobody serves a kind. Definitions themselves are not served yet.
    """
    items = [
        {
            "metadata": {"name": f"{kind.plural}.{kind.group}"},
            "spec": {
                "group": kind.group,
                "names": {"kind": kind.kind, "plural": kind.plural, "singular": kind.singular, "shortNames": list(kind.short_names)},
                "scope": "Namespaced" if kind.namespaced else "Cluster",
                "versions": [
                    {"name": version, "served": True, "storage": version == kind.version} for version in (kind.version, *kind.also_versions)
                ],
            },
        }
        for kind in catalogue.kinds
        if not kind.strategic
    ]
    return {"kind": "CustomResourceDefinitionList", "apiVersion": "apiextensions.k8s.io/v1", "metadata": {}, "items": items}


def _groups(catalogue: Catalogue) -> list[str]:
    return [*catalogue.groups(), *REVIEWS]


def _versions(catalogue: Catalogue, group: str) -> list[str]:
    return ["v1"] if group in REVIEWS else catalogue.versions(group)


def _reviews(group: str, version: str) -> Sequence[tuple[str, str, bool]]:
    return REVIEWS.get(group, ()) if version == "v1" else ()


def _group(catalogue: Catalogue, group: str) -> Manifest:
    versions = [{"groupVersion": f"{group}/{version}", "version": version} for version in _versions(catalogue, group)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _categories(served: Served) -> list[str]:
    return list(served.kind.categories or _EXTRA_CATEGORIES.get(served.resource, ()))


def _resource(served: Served) -> Manifest:
    kind = served.kind
    resource: dict[str, Any] = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(VERBS),
    }
    if kind.short_names:
        resource["shortNames"] = list(kind.short_names)
    if _categories(served):
        resource["categories"] = _categories(served)
    return resource


def _subresource(served: Served, subresource: Subresource) -> Manifest:
    described: Manifest = {
        "name": f"{served.kind.plural}/{subresource.name}",
        "singularName": "",
        "namespaced": served.kind.namespaced,
        "kind": subresource.kind,
        "verbs": list(subresource.verbs),
    }
    if (subresource.group, subresource.version) != (served.kind.group, served.version):
        described |= {"group": subresource.group, "version": subresource.version}
    return described


def _aggregated_version(catalogue: Catalogue, group: str, version: str) -> Manifest:
    resources = [_aggregated_resource(served) for served in catalogue.resources(group, version)]
    for plural, kind, namespaced in _reviews(group, version):
        resources.append(
            {
                "resource": plural,
                "responseKind": {"group": group, "version": version, "kind": kind},
                "scope": "Namespaced" if namespaced else "Cluster",
                "singularResource": kind.lower(),
                "verbs": ["create"],
            }
        )
    return {"version": version, "resources": resources, "freshness": "Current"}


def _aggregated_resource(served: Served) -> Manifest:
    kind = served.kind
    described: Manifest = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": served.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(VERBS),
    }
    if kind.short_names:
        described["shortNames"] = list(kind.short_names)
    if _categories(served):
        described["categories"] = _categories(served)
    subresources = [
        {
            "subresource": subresource.name,
            "responseKind": {"group": subresource.group, "version": subresource.version, "kind": subresource.kind},
            "verbs": list(subresource.verbs),
        }
        for subresource in subresources_of(served)
    ]
    return described | ({"subresources": subresources} if subresources else {})
