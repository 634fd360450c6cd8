from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from search_api.app import create_app
from search_api.limits import RateLimiter


@pytest.fixture
def ticks():
    return [0.0]


@pytest.fixture
def app(site_settings, newsroom, ticks):
    limiter = RateLimiter(per_second=1, burst=3, clock=lambda: ticks[0])
    return create_app(site_settings, newsroom.store, newsroom.index, limiter=limiter)


def ask(app, address, path="/tim-kiem?q=tin"):
    return TestClient(app, client=(address, 1)).get(path)


def test_too_many_searches_are_refused_politely_and_time_heals(app, ticks):
    assert [ask(app, "8.8.8.8").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = ask(app, "8.8.8.8")
    assert refused.headers["retry-after"] == "1" and "Bạn đang gửi quá nhiều yêu cầu" in refused.text
    assert "default-src 'none'" in refused.headers["content-security-policy"]
    assert ask(app, "8.8.8.8", "/api/v1/articles").json()["code"] == "too_many_requests"
    assert ask(app, "9.9.9.9").status_code == 200  # somebody else
    assert ask(app, "8.8.8.8", "/").status_code == 200  # reading is not searching
    ticks[0] += 2
    assert [ask(app, "8.8.8.8").status_code for _ in range(3)] == [200, 200, 429]


def test_a_household_shares_its_bucket_and_the_machine_itself_has_none(app):
    for host in range(3):
        assert ask(app, f"2001:db8:1:2::{host}").status_code == 200
    assert ask(app, "2001:db8:1:2::ffff").status_code == 429
    assert ask(app, "2001:db8:1:3::1").status_code == 200
    for address in ("127.0.0.1", "::1"):
        assert all(ask(app, address).status_code == 200 for _ in range(5))


def test_memory_is_bounded_however_many_addresses_ask():
    limiter = RateLimiter(addresses=100)
    for number in range(1000):
        limiter.take(f"10.0.{number // 250}.{number % 250}")
    assert len(limiter) == 100


def test_the_api_tells_how_much_is_left(app, ticks):
    first = ask(app, "8.8.8.8", "/api/v1/articles")
    assert first.headers["ratelimit-policy"] == '"address";q=3;w=3'
    assert first.headers["ratelimit"] == '"address";r=2;t=1' and "retry-after" not in first.headers
    ask(app, "8.8.8.8", "/api/v1/sources")
    ask(app, "8.8.8.8", "/api/v1/stories")
    refused = ask(app, "8.8.8.8", "/api/v1/stories/1")
    assert (refused.status_code, refused.headers["ratelimit"]) == (429, '"address";r=0;t=3')
    assert refused.headers["retry-after"] == "1" and refused.headers["cache-control"] == "no-store"
    assert "ratelimit" not in ask(app, "8.8.8.9", "/tim-kiem?q=tin").headers
    assert "ratelimit" not in ask(app, "127.0.0.1", "/api/v1/articles").headers


def test_a_neighbour_who_asks_too_much_does_not_stop_a_programme_with_a_key(app, key):
    while ask(app, "8.8.8.8", "/api/v1/articles").status_code == 200:
        pass
    with_key = {"Authorization": f"Bearer {key('read')}"}
    client = TestClient(app, client=("8.8.8.8", 1))
    assert [client.get("/api/v1/articles", headers=with_key).status_code for _ in range(5)] == [200] * 5


def test_who_tries_keys_pays_with_the_address(app):
    client = TestClient(app, client=("8.8.8.8", 1))
    tries = [client.get("/api/v1/articles", headers={"Authorization": "Bearer dbtn_x"}).status_code for _ in range(4)]
    assert tries == [401, 401, 401, 429]


def test_an_address_cannot_change_its_looks(app):
    """IPv4 in IPv6 is the same address, in brackets or not."""
    for _ in range(3):
        assert ask(app, "8.8.8.8").status_code == 200
    assert ask(app, "::ffff:8.8.8.8").status_code == 429
    assert all(ask(app, "::ffff:127.0.0.1").status_code == 200 for _ in range(5))
