"""A delivery proves itself over its bytes, or is refused with a reason that gives nothing away.

The good signatures are made by the vendors' written rules, with openssl and with hmac, never with
the code under test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from triage.integrations import Endpoint, Refused, verify
from triage.integrations.endpoints import AUTHENTICATION, Authentication

Make = Callable[..., Endpoint]

NOW = datetime(2026, 7, 10, 16, 5, 30, tzinfo=UTC)
BODY = '{"subject": "Kein Ton – übrigens überall"}'.encode()
SECRET = b"s3cret of the desk, long enough"


def by_openssl(digest: str, secret: bytes, signed: bytes) -> str:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key = f"key:{secret.decode()}"
    command = ["openssl", "dgst", f"-{digest}", "-mac", "HMAC", "-macopt", key]
    done = subprocess.run(command, input=signed, capture_output=True, check=True)
    return done.stdout.decode().rpartition(" ")[2].strip()


def zendesk_headers(written: str = "2026-07-10T16:05:28Z", body: bytes = BODY) -> dict[str, str]:
    digest = hmac.new(SECRET, written.encode() + body, hashlib.sha256).digest()
    return {
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": written,
    }


GOOD: dict[str, Callable[[], dict[str, str]]] = {
    "zendesk": zendesk_headers,
    "github": lambda: {"X-Hub-Signature-256": f"sha256={by_openssl('sha256', SECRET, BODY)}"},
    "jira": lambda: {"X-Hub-Signature": f"sha256={by_openssl('sha256', SECRET, BODY)}"},
    "zammad": lambda: {"X-Hub-Signature": f"sha1={by_openssl('sha1', SECRET, BODY)}"},
    "intercom": lambda: {"X-Hub-Signature": f"sha1={by_openssl('sha1', SECRET, BODY)}"},
}


def refusal(desk: Endpoint, headers: dict[str, str], body: bytes = BODY, **more: str) -> str:
    with pytest.raises(Refused) as caught:
        verify(desk, headers, body, NOW, **more)
    return caught.value.reason


def test_every_signing_desk_is_tested() -> None:
    signing = {name for name, ways in AUTHENTICATION.items() if Authentication.SIGNATURE in ways}
    assert signing == set(GOOD)


def test_the_example_of_githubs_documentation_is_accepted(endpoint: Make) -> None:
    desk = endpoint("github", secret=b"It's a Secret to Everybody")
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    verify(desk, {"X-Hub-Signature-256": signature}, b"Hello, World!", NOW)


@pytest.mark.parametrize("source", GOOD)
def test_a_good_signature_is_accepted_whatever_the_case_of_the_header(
    source: str, endpoint: Make
) -> None:
    headers = GOOD[source]()
    verify(endpoint(source, secret=SECRET), headers, BODY, NOW)
    lower = {name.lower(): value for name, value in headers.items()}
    verify(endpoint(source, secret=SECRET), lower, BODY, NOW)


@pytest.mark.parametrize("source", GOOD)
def test_a_wrong_secret_is_refused(source: str, endpoint: Make) -> None:
    desk = endpoint(source, secret=b"another secret, as long as it")
    assert refusal(desk, GOOD[source]()) == "the signature does not match"


@pytest.mark.parametrize("source", GOOD)
def test_a_changed_body_is_refused(source: str, endpoint: Make) -> None:
    desk = endpoint(source, secret=SECRET)
    assert refusal(desk, GOOD[source](), BODY + b" ") == "the signature does not match"


@pytest.mark.parametrize("source", GOOD)
def test_a_missing_header_is_named(source: str, endpoint: Make) -> None:
    headers = GOOD[source]()
    for name in headers:
        rest = {key: value for key, value in headers.items() if key != name}
        assert refusal(endpoint(source, secret=SECRET), rest) == f"no {name} header"


@pytest.mark.parametrize("source", GOOD)
@pytest.mark.parametrize("value", ["sha256=ä", "\udcff", "sha1=", "sha256", "é" * 100, "=" * 5])
def test_a_header_of_any_characters_is_refused(source: str, value: str, endpoint: Make) -> None:
    headers = dict.fromkeys(GOOD[source](), value)
    assert refusal(endpoint(source, secret=SECRET), headers) == "the signature does not match"


@pytest.mark.parametrize("source", ["jira", "zammad", "intercom"])
def test_another_method_than_the_desks_own_is_refused(source: str, endpoint: Make) -> None:
    method = "md5"
    digest = hmac.new(SECRET, BODY, method).hexdigest()
    headers = {"X-Hub-Signature": f"{method}={digest}"}
    assert refusal(endpoint(source, secret=SECRET), headers) == "the signature does not match"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signed_time_outside_the_window_is_refused(seconds: int, endpoint: Make) -> None:
    written = (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    reason = refusal(endpoint("zendesk", secret=SECRET), zendesk_headers(written))
    assert reason == "the signed time is more than 5 minutes away"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_signed_time_inside_the_window_is_accepted(seconds: int, endpoint: Make) -> None:
    written = (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    verify(endpoint("zendesk", secret=SECRET), zendesk_headers(written), BODY, NOW)


def test_a_signed_time_that_is_none_is_refused(endpoint: Make) -> None:
    headers = zendesk_headers("just now")
    assert refusal(endpoint("zendesk", secret=SECRET), headers) == "the signed time is no time"


def test_a_time_swapped_for_a_fresh_one_is_refused(endpoint: Make) -> None:
    headers = zendesk_headers("2026-07-09T16:05:28Z")
    headers["X-Zendesk-Webhook-Signature-Timestamp"] = "2026-07-10T16:05:28Z"
    reason = refusal(endpoint("zendesk", secret=SECRET), headers)
    assert reason == "the signature does not match"


def test_zendesk_signs_an_empty_body_too(endpoint: Make) -> None:
    verify(endpoint("zendesk", secret=SECRET), zendesk_headers(body=b""), b"", NOW)


def unsigned(endpoint: Make, way: str, **values: str) -> Endpoint:
    return endpoint(
        "freshdesk",
        authentication=Authentication(way),
        secret="pässword of a desk".encode(),
        **values,
    )


def test_a_secret_in_a_header(endpoint: Make) -> None:
    desk = unsigned(endpoint, "header")
    verify(desk, {"x-triage-secret": "pässword of a desk"}, BODY, NOW)
    assert refusal(desk, {"x-triage-secret": "password of a desk"}) == "the secret does not match"
    assert refusal(desk, {}) == "no X-Triage-Secret header"
    other = unsigned(endpoint, "header", header="X-Desk")
    assert refusal(other, {"x-triage-secret": "pässword of a desk"}) == "no X-Desk header"


def test_http_basic(endpoint: Make) -> None:
    desk = unsigned(endpoint, "basic", user="triage")
    good = base64.b64encode("triage:pässword of a desk".encode()).decode()
    verify(desk, {"Authorization": f"Basic {good}"}, BODY, NOW)
    verify(desk, {"authorization": f"basic  {good}"}, BODY, NOW)
    other = base64.b64encode(b"other:p\xc3\xa4ssword of a desk").decode()
    wrong = "user or password does not match"
    assert refusal(desk, {"Authorization": f"Basic {other}"}) == wrong
    assert refusal(desk, {"Authorization": "Basic ???"}) == wrong
    reason = "the Authorization header is not HTTP Basic"
    assert refusal(desk, {"Authorization": f"Bearer {good}"}) == reason
    assert refusal(desk, {}) == "no Authorization header"


def test_a_token_in_the_address(endpoint: Make) -> None:
    desk = unsigned(endpoint, "url_token")
    verify(desk, {}, BODY, NOW, url_token="pässword of a desk")
    assert refusal(desk, {}, url_token="wrong") == "the token does not match"
    assert refusal(desk, {}) == "no token in the address"
    assert refusal(desk, {}, url_token="") == "no token in the address"


def test_a_signing_desk_takes_no_token_instead(endpoint: Make) -> None:
    reason = refusal(endpoint("github", secret=SECRET), {}, url_token=SECRET.decode())
    assert reason == "no X-Hub-Signature-256 header"


def test_neither_reasons_nor_endpoints_show_a_secret(endpoint: Make) -> None:
    desk = endpoint("github", secret=SECRET)
    assert SECRET.decode() not in repr(desk)
    assert SECRET.decode() not in refusal(desk, {"X-Hub-Signature-256": "sha256=00"})
