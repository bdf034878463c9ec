"""The pages: the title that everybody greps for, who answered, what failed, and nothing unescaped."""

from html.parser import HTMLParser

from hauberk.samples.bookinfo.pages import Book, Fetched, render_index, render_product

BOOK = Book(0, "The Comedy of Errors", "A play.")
DETAILS = Fetched(200, {"author": "William Shakespeare", "year": 1595})
UNAVAILABLE = "Sorry, product reviews are currently unavailable for this book."


def reviews(version: str, *ratings: object) -> Fetched:
    entries = [{"reviewer": f"Reviewer{number}", "text": "Good.", "rating": rating} for number, rating in enumerate(ratings, start=1)]
    return Fetched(200, {"version": version, "podname": f"reviews-{version}-abc", "reviews": entries})


class Outline(HTMLParser):
    """Whether tags are closed in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in {"meta", "link", "input", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_pages_are_whole_and_have_the_title_on_a_line_of_its_own() -> None:
    for page in (render_index(), render_product(BOOK, DETAILS, reviews("v1", None), user="")):
        assert "\n<title>Simple Bookstore App</title>\n" in page
        assert Outline(page).open == []


def test_the_version_that_answered_is_shown_with_its_stars() -> None:
    page = render_product(BOOK, DETAILS, reviews("v3", {"stars": 5, "color": "red"}, {"stars": 4, "color": "red"}), user="")
    assert '<b data-version="v3">reviews v3</b> reviews-v3-abc' in page
    assert page.count("★") == 10
    assert 'class="stars red" style="color:red" title="4 of 5"' in page
    assert "William Shakespeare" in page


def test_v1_has_no_stars() -> None:
    assert "★" not in render_product(BOOK, DETAILS, reviews("v1", None, None), user="")


def test_what_failed_is_named_in_its_place_and_the_rest_is_shown() -> None:
    failed = Fetched(503, {"error": UNAVAILABLE})
    page = render_product(BOOK, DETAILS, failed, user="")
    assert f"<h2>Error fetching product reviews!</h2><p>{UNAVAILABLE}</p>" in page
    assert "Book details" in page
    assert "Error fetching product details!" in render_product(BOOK, failed, failed, user="")


def test_ratings_that_failed_are_named_beside_the_review() -> None:
    page = render_product(BOOK, DETAILS, reviews("v2", {"error": "Ratings service is currently unavailable"}), user="")
    assert '<p class="error">Ratings service is currently unavailable</p>' in page


def test_whoever_is_signed_in_may_sign_out() -> None:
    assert "Sign in" in render_product(BOOK, DETAILS, reviews("v1"), user="")
    page = render_product(BOOK, DETAILS, reviews("v1"), user="jason")
    assert "<span>jason</span>" in page
    assert "Sign out" in page


def test_nothing_from_outside_becomes_markup() -> None:
    evil = '"><script>'
    hostile = Fetched(
        200,
        {
            "version": evil,
            "podname": evil,
            "reviews": [{"text": evil, "reviewer": evil, "rating": {"stars": 3, "color": evil}}, {"rating": {"error": evil}}],
        },
    )
    pages = (
        render_product(Book(0, evil, evil), Fetched(200, {"author": evil}), hostile, user=evil),
        render_product(BOOK, Fetched(500, {"error": evil}), Fetched(500, {"error": evil}), user=""),
    )
    assert all("<script" not in page for page in pages)


def test_answers_of_another_shape_do_not_break_the_page() -> None:
    for value in ({}, {"reviews": None}, {"reviews": ["text", 3]}, {"reviews": [{"rating": {"stars": "many"}}]}):
        assert Outline(render_product(BOOK, Fetched(200, {}), Fetched(200, value), user="")).open == []
