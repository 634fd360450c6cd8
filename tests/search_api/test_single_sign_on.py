"""Signing in at an office's own provider: a small one of ours, on a port of this machine, that lies on request."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from search_api.app import create_app

START = "/ban-bien-tap/dang-nhap/chung"
KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)


class Office:
    """The provider. `says` changes the claims, `key` signs them."""

    def __init__(self, now):
        self.now, self.says, self.key = now, {}, KEY
        self.asked, self.codes = {}, {}
        office = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = urlsplit(self.path).path
                if path.endswith("openid-configuration"):
                    self.answer(
                        {
                            "issuer": office.address,
                            "authorization_endpoint": f"{office.address}/authorize",
                            "token_endpoint": f"{office.address}/token",
                            "jwks_uri": f"{office.address}/keys",
                        }
                    )
                else:
                    self.answer({"keys": [KEY.as_dict(private=False)]})

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                asked = office.codes.pop(form["code"][0], None)
                verifier = form["code_verifier"][0].encode()
                challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
                if (
                    asked is None
                    or challenge != asked["code_challenge"][0]
                    or asked["redirect_uri"] != form["redirect_uri"]
                ):
                    self.answer({"error": "invalid_grant"}, 400)
                else:
                    self.answer({"access_token": "x", "token_type": "Bearer", "id_token": office.token(asked)})

            def answer(self, content, status=200):
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def approve(self, address):
        """What the provider does when the person agrees: the way back, with a code."""
        asked = parse_qs(urlsplit(address).query)
        self.codes["the-code"] = asked
        return f"{urlsplit(asked['redirect_uri'][0]).path}?code=the-code&state={asked['state'][0]}"

    def token(self, asked):
        at = int(self.now.timestamp())
        claims = {
            "iss": self.address,
            "sub": "4711",
            "aud": "diembao",
            "exp": at + 300,
            "iat": at,
            "nonce": asked["nonce"][0],
            "preferred_username": "Lan.Nguyen@tinh.example",
            "name": "Nguyễn Thị Lan",
            "groups": ["bien-tap", "khac"],
        } | self.says
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)


@pytest.fixture
def office(clock):
    running = Office(clock[0])
    yield running
    running.close()


@pytest.fixture
def visitor(office, newsroom, site_settings, clock):
    settings = site_settings.model_copy(
        update={
            "oidc_issuer": office.address,
            "oidc_client_id": "diembao",
            "oidc_client_secret": SecretStr("s"),
            "oidc_roles": ("editor=bien-tap", "chief=lanh-dao"),
        }
    )
    app = create_app(settings, newsroom.store, newsroom.index, now=lambda: clock[0])
    with TestClient(app, base_url="https://baochi.example", follow_redirects=False) as client:
        yield client


def sign_on(visitor, office, next=""):
    begun = visitor.get(START, params={"next": next})
    assert begun.status_code == 303 and begun.headers["location"].startswith(office.address + "/authorize?")
    return visitor.get(office.approve(begun.headers["location"]))


def account(visitor):
    return visitor.get("/ban-bien-tap/tai-khoan")


def test_who_the_office_knows_gets_an_account_with_the_roles_it_says(visitor, office):
    assert "/ban-bien-tap/dang-nhap/chung" in visitor.get("/ban-bien-tap/dang-nhap").text
    answer = sign_on(visitor, office, next="/ban-bien-tap/tai-khoan")
    assert answer.status_code == 303 and answer.headers["location"] == "/ban-bien-tap/tai-khoan"
    page = account(visitor).text
    assert "lan.nguyen" in page and "Biên tập viên" in page and "Lãnh đạo duyệt" not in page
    assert 'name="current"' not in page  # the password is kept elsewhere


def test_roles_follow_the_office_and_old_sessions_end(visitor, office):
    sign_on(visitor, office)
    old = visitor.cookies.get("__Host-diembao-session")
    office.says = {"groups": ["lanh-dao"]}
    sign_on(visitor, office)
    assert "Lãnh đạo duyệt" in account(visitor).text
    visitor.cookies.clear()
    visitor.cookies.set("__Host-diembao-session", old)
    assert account(visitor).status_code == 303


@pytest.mark.parametrize("groups", [[], ["khac"], "khac", None, {"editor": 1}])
def test_who_has_no_role_there_does_not_come_in(visitor, office, groups):
    office.says = {"groups": groups}
    assert sign_on(visitor, office).headers["location"] == "/ban-bien-tap/dang-nhap"
    assert "chưa được cấp vai trò" in visitor.get("/ban-bien-tap/dang-nhap").text
    assert account(visitor).status_code == 303


@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "somebody-else"},
        {"iss": "https://other.example"},
        {"nonce": "of another sign-on"},
        {"exp": 1},
        {"sub": None},
    ],
)
def test_tokens_that_are_not_for_us_now_are_refused(visitor, office, lie):
    office.says = lie
    sign_on(visitor, office)
    assert "Hệ thống đăng nhập chung chưa trả lời được" in visitor.get("/ban-bien-tap/dang-nhap").text
    assert account(visitor).status_code == 303


def test_a_token_signed_by_another_key_is_refused(visitor, office):
    office.key = OTHER_KEY
    sign_on(visitor, office)
    assert account(visitor).status_code == 303


def test_an_answer_nobody_asked_for_is_refused(visitor, office):
    begun = visitor.get(START)
    way_back = office.approve(begun.headers["location"])
    for wrong in (way_back.replace("state=", "state=x"), way_back.partition("&state")[0], START + "/ve"):
        visitor.get(wrong)
        assert account(visitor).status_code == 303
    begun = visitor.get(START)
    way_back = office.approve(begun.headers["location"])
    visitor.cookies.clear()  # another browser
    visitor.get(way_back)
    assert account(visitor).status_code == 303


def test_an_account_with_a_password_is_not_taken_over_by_its_namesake(visitor, office, people):
    people.add("admin", name="lan.nguyen")
    sign_on(visitor, office)
    page = account(visitor).text
    assert "lan.nguyen-2" in page and "Quản lý tài khoản" not in page


def test_whoever_was_disabled_here_stays_out(visitor, office, people, newsroom, clock):
    sign_on(visitor, office)
    with newsroom.store.write() as session:
        from diembao.store.models import UserRow

        session.get_one(UserRow, 1).disabled_at = clock[0]
    sign_on(visitor, office)
    assert account(visitor).status_code == 303


def test_a_provider_that_is_away_is_told_and_stops_nobody(visitor, office):
    office.close()
    answer = visitor.get(START)
    assert answer.status_code == 303 and answer.headers["location"] == "/ban-bien-tap/dang-nhap"
    assert visitor.get("/ban-bien-tap/dang-nhap").status_code == 200


def test_without_a_provider_there_is_no_such_address(site):
    assert site.get(START).status_code == 404
    assert "dang-nhap/chung" not in site.get("/ban-bien-tap/dang-nhap").text
