import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.cli.jsonpath import find, parse_template
from hauberk.cli.usage import UsageError

PODS = {
    "kind": "List",
    "items": [
        {"metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}}, "spec": {"ports": [80, 81, 82]}, "ready": True},
        {"metadata": {"name": "b"}, "spec": {"ports": [443]}, "ready": False},
    ],
}


# What kubectl 1.32 prints for the same template and object.
@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{.kind}", "List"),
        (".kind", "List"),
        ("kind", "List"),
        ("{$.kind}", "List"),
        ("{.items[0].metadata.name}", "a"),
        ("{.items[-1].metadata.name}", "b"),
        ("{.items[9].metadata.name}", ""),
        ("{.items[*].metadata.name}", "a b"),
        ("{.items[0].spec.ports[0:2]}", "80 81"),
        ("{.items[0].spec.ports[::2]}", "80 82"),
        ("{.items[0].spec.ports[0,2]}", "80 82"),
        ("{.items[0].spec.ports}", "[80,81,82]"),
        ("{.items[0].metadata['name']}", "a"),
        (r"{.items[0].metadata.labels.app\.kubernetes\.io/name}", "x"),
        ('{.items[?(@.metadata.name=="b")].spec.ports[0]}', "443"),
        ('{.items[?(@.metadata.name!="b")].metadata.name}', "a"),
        ("{.items[?(@.spec.ports[0]>100)].metadata.name}", "b"),
        ("{.items[?(@.spec.ports[0]<=80)].metadata.name}", "a"),
        ("{.items[?(@.ready==true)].metadata.name}", "a"),
        ("{.items[?(@.metadata.labels)].metadata.name}", "a"),
        ("{..name}", "a b"),
        ("{.items[0]['metadata','spec']['name','ports']}", "a [80,81,82]"),
        ("{.missing.field}", ""),
        ("{.items[0].ready}", "true"),
        ("name: {.items[0].metadata.name}!", "name: a!"),
        ('{range .items[*]}{.metadata.name}{"\\t"}{.spec.ports[0]}{"\\n"}{end}', "a\t80\nb\t443\n"),
        ('{range .items[*]}{.metadata.name}{":"}{range .spec.ports[*]}{@}{","}{end}{";"}{end}', "a:80,81,82,;b:443,;"),
        ('{"}"}', "}"),
    ],
)
def test_templates(template: str, text: str) -> None:
    assert parse_template(template).render(PODS) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{.items[", "unclosed action"),
        ("{.items[0}", "unterminated array"),
        ("{.items[x]}", "invalid array index"),
        ("{.items[1:2:3:4]}", "invalid array index"),
        ("{range .items[*]}{.a}", "without {end}"),
        ("{end}", "without {range}"),
        ("{.a%}", "unrecognized character"),
    ],
)
def test_what_cannot_be_read_is_refused(template: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("{", r"\{")):
        parse_template(template)


def test_find_takes_an_expression_with_or_without_braces() -> None:
    assert find("{.items[*].metadata.name}", PODS) == find("items[*].metadata.name", PODS) == ["a", "b"]


def test_comparing_unlike_values_is_false() -> None:
    assert find("{.items[?(@.metadata.name>1)].metadata.name}", PODS) == []


@given(st.text(alphabet="{}[].*@$?()'\"=<>,:-0a \\", max_size=20))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    try:
        template = parse_template(text)
    except UsageError:
        return
    template.render(PODS)
