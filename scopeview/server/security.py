"""What a request must be before it is answered, and what a page may do.

The server is for one person on one machine. Other pages in that person's browser can send requests to it: the Host
header shows a name that was pointed at 127.0.0.1 (DNS rebinding), the Origin header a page from elsewhere. Off the
loopback a token must be known. Names of a model are data, and the policy lets no page run what it did not ship with.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scopeview.errors import QueryError
from scopeview.server.error_responses import refusal

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")

_UNFRAMED = "frame-ancestors 'none'"
_FRAMED = "frame-ancestors http://127.0.0.1:* http://localhost:* 'self'"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        _UNFRAMED,
    )
)

HEADERS: dict[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_COOKIE = "scopeview-token"
_log = logging.getLogger("scopeview")


@dataclass(frozen=True)
class Access:
    """Who may ask.

    Attributes:
        hosts: host names under which the server is reached, without ports.
        any_address: whether any IP address will do: DNS rebinding needs a name to point here, and an address is none.
        token: what must be known; None where the loopback is enough. An empty one is refused: everybody knows it.
        framed: whether pages of the loopback, such as a notebook, and of this server, such as TensorBoard, may show
            the page in a frame. A token may then be the first segment of the path, too: to a frame within a page of
            another site, as 127.0.0.1 is for localhost, browsers send no cookie.
        allow_host: the option that allows another host, for the sentence that refuses it.
    """

    hosts: tuple[str, ...] = LOOPBACK
    any_address: bool = False
    token: str | None = None
    framed: bool = False
    allow_host: str = "scopeview serve --allow-host NAME"

    def __post_init__(self) -> None:
        if self.token is not None and not self.token.strip():
            raise QueryError("an empty token protects nothing; pass --token with one, or --no-token")


class Guard:
    """Refuses what another page or another machine may have sent, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        policy = POLICY.replace(_UNFRAMED, _FRAMED) if access.framed else POLICY
        self._headers = HEADERS | {"content-security-policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no part of the page opens a socket
            await send({"type": "websocket.close", "code": 1008})
            return
        has_started = False
        scope, is_known = self._without_token(scope)

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            refused = self._refusal(scope, is_known=is_known)
            await (refused if refused is not None else self._app)(scope, receive, send_with_headers)
        except ClientDisconnect:
            return  # nobody is left to be answered
        except Exception:
            _log.exception("a request failed: %s %r", scope["method"], scope["path"][:200])
            if has_started:
                raise
            failed = refusal(Headers(scope=scope), "scopeview failed at this request; its log says where", 500)
            await failed(scope, receive, send_with_headers)

    def _without_token(self, scope: Scope) -> tuple[Scope, bool]:
        """Return a request without the token at the beginning of its path, and whether it was there."""
        token, (first, slash, rest) = self._access.token, scope["path"].lstrip("/").partition("/")
        if token is None or not self._access.framed or not slash or not _is_equal(first, token):
            return scope, False
        return {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}, True

    def _refusal(self, scope: Scope, *, is_known: bool) -> ASGIApp | None:
        headers = Headers(scope=scope)
        host = _without_port(headers.get("host", "")).lower()
        if not self._answers_for(host):
            sentence = f"this server does not answer for the host {host!r}; to allow it: {self._access.allow_host}"
            return refusal(headers, sentence, 421, leads_home=False)
        origin = headers.get("origin")
        if origin is not None and origin != "null" and _host_of(origin) != headers.get("host"):
            return refusal(headers, "this request comes from another page", 403, leads_home=False)
        if origin == "null" and scope["method"] not in ("GET", "HEAD"):
            return refusal(headers, "this request comes from another page", 403, leads_home=False)
        return None if is_known else self._token_refusal(scope, headers)

    def _answers_for(self, host: str) -> bool:
        return host in self._access.hosts or (self._access.any_address and _is_address(host.strip("[]")))

    def _token_refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        token = self._access.token
        if token is None:
            return None
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        if _is_equal(given, token):
            # The token leaves the address bar at once, and with it the history and what is copied from there.
            answer = RedirectResponse("/" + scope["path"].lstrip("/\\"), 303)  # `//name` would lead to another host
            answer.set_cookie(_COOKIE, token, httponly=True, samesite="strict", path="/")
            return answer
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if any(_is_equal(found, token) for found in (_token_in(headers.get("cookie", "")), bearer)):
            return None
        return refusal(headers, "a token is needed: open the address that scopeview printed", 401, leads_home=False)


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # `http://[` is no address, and so none of this server's
        return None


def _token_in(cookie: str) -> str:
    try:
        found = SimpleCookie(cookie).get(_COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _is_equal(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() and not host.endswith("]") else host


def hosts_for(host: str, others: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the host names under which a server bound to an address may be reached."""
    return tuple(dict.fromkeys(name.lower() for name in (*LOOPBACK, host, f"[{host}]", *others)))
