"""What another page or another machine sends is refused."""

from __future__ import annotations

import hmac

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from scopeview.errors import QueryError
from scopeview.server.app import create_app
from scopeview.server.security import POLICY, Access
from scopeview.workspace import Workspace


def client_of(access: Access) -> TestClient:
    return TestClient(create_app(Workspace(), access=access), base_url="http://127.0.0.1:8000", follow_redirects=False)


LOCAL = client_of(Access())


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "localhost", "[::1]:8000"])
def test_the_loopback_is_answered_by_its_names(host: str) -> None:
    assert LOCAL.get("/api/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "evil.example:8000", ""])
def test_another_name_for_this_address_is_not_answered(host: str) -> None:
    assert LOCAL.get("/api/models", headers={"host": host}).status_code == 421


def test_another_page_is_not_answered() -> None:
    def asked(origin: str, method: str = "GET") -> int:
        return LOCAL.request(method, "/api/models", headers={"origin": origin}).status_code

    assert asked("http://127.0.0.1:8000") == 200
    assert asked("http://evil.example") == 403
    assert asked("http://127.0.0.1:9999") == 403
    assert asked("null", "POST") == 403


def test_every_answer_has_the_policy() -> None:
    for path in ("/", "/api/models", "/api/nothing"):
        headers = LOCAL.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY
    assert LOCAL.get("/", headers={"host": "evil"}).headers["content-security-policy"] == POLICY


def test_a_token_is_asked_for_once() -> None:
    client = client_of(Access(token="s3cret"))

    assert client.get("/api/models").status_code == 401
    assert client.get("/api/models?token=wrong").status_code == 401
    answer = client.get("/?token=s3cret")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert client.get("/api/models").status_code == 200  # by the cookie
    fresh = client_of(Access(token="s3cret"))
    assert fresh.get("/api/models", headers={"authorization": "Bearer s3cret"}).status_code == 200


def test_tokens_are_compared_in_constant_time_and_an_empty_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def recorded(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", recorded)
    client = client_of(Access(token="s3cret"))

    for headers in ({"authorization": "Bearer s3creT"}, {"cookie": "scopeview-token=s3creT"}):
        assert client.get("/api/models", headers=headers).status_code == 401
    assert client.get("/api/models?token=s3creT").status_code == 401

    assert compared.count((b"s3creT", b"s3cret")) == 3
    for empty in ("", " ", "\t"):
        with pytest.raises(QueryError, match="an empty token"):
            Access(token=empty)


@pytest.mark.parametrize("cookie", ["\x01=1", "a b=c; =", "scopeview-token", "scopeview-token=;;=", "\x00" * 100])
def test_cookies_that_are_none(cookie: str) -> None:
    assert client_of(Access(token="s3cret")).get("/api/models", headers={"cookie": cookie}).status_code == 401


def test_the_token_leads_to_no_other_host() -> None:
    for path in ("//evil.example/", "/%5Cevil.example/", "/\\evil.example"):
        answer = client_of(Access(token="s3cret")).get(f"http://127.0.0.1:8000{path}?token=s3cret")
        assert answer.headers["location"].startswith(("/evil", "/%5C", "/x"))
        assert not answer.headers["location"].startswith("//")


def test_no_socket_is_opened() -> None:
    with pytest.raises(WebSocketDisconnect), LOCAL.websocket_connect("/api/models"):
        pass
