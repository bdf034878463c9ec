from hauberk.model.authorization import HTTP_ATTRIBUTES, Attribute, AuthorizationPolicy
from hauberk.model.objects import ObjectRef


def test_a_policy_names_itself() -> None:
    assert AuthorizationPolicy("bookinfo", "readers").ref == ObjectRef("AuthorizationPolicy", "bookinfo", "readers")


def test_only_what_a_request_holds_needs_http() -> None:
    assert {Attribute.PATH, Attribute.METHOD, Attribute.HOST, Attribute.HEADER} == HTTP_ATTRIBUTES
