"""Headers, errors, hosts and sizes: what holds for every request."""

from __future__ import annotations

import logging

import pytest
from fastapi.testclient import TestClient
from lxml import html

from diembao.errors import StoreUnavailable
from diembao.settings import Settings
from search_api.app import create_app

EVERYWHERE = (
    "/",
    "/tim-kiem",
    "/khong-co",
    "/api/v1/articles",
    "/api/v1/nothing",
    "/rss.xml",
    "/healthz",
    "/robots.txt",
)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_security_headers_are_everywhere(site, path):
    headers = site.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] and headers["permissions-policy"]
    assert headers["strict-transport-security"].startswith("max-age=")
    assert len(headers["x-request-id"]) == 16
    assert "set-cookie" not in headers and "server" not in headers


def test_https_is_only_insisted_on_where_it_is_served(settings):
    with TestClient(create_app(settings)) as client:
        assert "strict-transport-security" not in client.get("/healthz").headers


@pytest.mark.parametrize(
    "path", ["/", "/khong-co", "/tim-kiem?q=(((", "/tin/1-x", "/gioi-thieu", "/en/", "/en/khong-co"]
)
def test_the_owner_and_the_contact_stand_on_every_page(site, path):
    footer = html.fromstring(site.get(path).text).cssselect("footer")[0]
    assert "Trung tâm Thông tin tỉnh" in footer.text_content()
    assert "lienhe@baochi.example" in footer.text_content()
    assert [link for link in footer.cssselect("a") if link.get("href", "").endswith("/gioi-thieu#gop-y")]


def test_a_blank_owner_falls_back_to_the_portal(settings):
    blank = settings.model_copy(update={"owner_name": "  "})
    with TestClient(create_app(blank)) as client:
        assert "Cổng Thông tin điện tử tỉnh Thái Nguyên" in client.get("/khong-co").text


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/khong-co", 404, "Không có trang này"),
        ("GET", "/en/khong-co", 404, "There is no such page"),
        ("GET", "/chu-de/khong-co", 404, "Không có trang này"),
        ("GET", "/bao/khong-co", 404, "Không có trang này"),
        ("GET", "/dia-ban/99999-x", 404, "Không có trang này"),
        ("POST", "/", 405, "Cách gửi yêu cầu không đúng"),
        ("GET", "/tim-kiem?q=" + "x" * 9000, 414, "Địa chỉ quá dài"),
        ("GET", "/rss.xml?q=(((", 400, "Dấu ngoặc đơn này chưa được đóng."),
    ],
)
def test_errors_are_pages_that_show_the_way_on(site, method, path, status, said):
    answer = site.request(method, path)
    tree = html.fromstring(answer.text)
    assert answer.status_code == status and said in answer.text
    assert len(tree.cssselect("h1")) == 1 and tree.cssselect("main a[href$='/tim-kiem']")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/none", 404), ("PUT", "/api/v1/articles", 405), ("POST", "/api/v1/articles", 401)],
)
def test_errors_of_the_api_are_problems(site, method, path, status):
    answer = site.request(method, path)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_body_that_is_too_large_is_refused(site):
    answer = site.post("/api/v1/articles", content=b"x" * 3_000_000)
    assert answer.status_code == 413 and answer.headers["content-type"] == "application/problem+json"
    assert "Yêu cầu quá lớn" in site.post("/", content=b"x" * 100_000).text


@pytest.mark.parametrize(
    ("path", "right"), [("/chu-de/", "/chu-de"), ("//evil.example/", "/evil.example"), ("/en/chu-de/", "/en/chu-de")]
)
def test_a_slash_too_many_leads_home_and_never_to_another_host(site, path, right):
    answer = site.get("https://baochi.example" + path, follow_redirects=False)
    assert answer.status_code == 301 and answer.headers["location"] == right


def test_an_unforeseen_error_is_logged_and_never_shown(site, monkeypatch, caplog):
    def broken(*_args, **_kwargs):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("search_api.section.daily.public.stories", broken)
    with caplog.at_level(logging.ERROR):
        answer = site.get("/")
    assert answer.status_code == 500 and "hunter2" not in answer.text and "Traceback" not in answer.text
    assert answer.headers["x-request-id"] in answer.text and "Trang đang gặp lỗi" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert any("hunter2" in str(record.exc_info) for record in caplog.records)


def test_a_store_that_is_away_is_a_polite_503_and_heals(site, monkeypatch):
    class Away:
        def read(self):
            raise StoreUnavailable("database sqlite:////secret/place: disk is gone")

    resources = site.app.state.site.resources
    kept = resources.store
    monkeypatch.setattr(resources, "_store", Away())
    for path in ("/", "/tin/1-x", "/rss.xml", "/api/v1/sources"):
        answer = site.get(path)
        assert answer.status_code == 503 and answer.headers["retry-after"] == "30" and "secret" not in answer.text
    monkeypatch.setattr(resources, "_store", kept)
    assert site.get("/").status_code == 200


def test_nothing_is_opened_before_the_first_request_that_needs_it(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with TestClient(create_app(Settings(data_dir=blocked / "below")), client=("127.0.0.1", 1)) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").status_code == 503
        assert client.get("/").status_code == 503
        assert "diembao_store_up 0.0" in client.get("/metrics").text
        blocked.unlink()
        assert client.get("/").status_code == 200
        assert client.get("/readyz").json() == {"status": "ok", "store": "ok", "index": "ok"}


def test_foreign_hosts_are_refused_in_production(site_settings, newsroom):
    app = create_app(site_settings.model_copy(update={"production": True}), newsroom.store, newsroom.index)
    with TestClient(app, base_url="https://baochi.example") as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400
        assert client.get("/healthz", headers={"Host": "127.0.0.1:8000"}).status_code == 200


def test_links_never_come_from_the_host_header(site):
    answer = site.get("/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 200 and "evil.example" not in answer.text


def test_metrics_count_requests_by_route_and_stay_inside(newsroom, site_settings, printing):
    newsroom.story(printing("Tin"))
    app = create_app(site_settings, newsroom.store, newsroom.index)
    with TestClient(app, client=("127.0.0.1", 1)) as near:
        near.get("/api/v1/articles/7")
        text = near.get("/metrics").text
    assert 'diembao_http_requests_total{method="GET",route="/api/v1/articles/{number}",status="404"} 1.0' in text
    assert 'diembao_stories{state="published"} 1.0' in text and "diembao_index_documents 1.0" in text
    with TestClient(app, client=("8.8.8.8", 1)) as far:
        assert far.get("/metrics").status_code == 404


def test_metrics_tell_what_waits_for_which_step_and_how_long_searches_take(newsroom, site_settings, printing):
    newsroom.story(printing("Lũ sông Cầu"), index=False)
    app = create_app(site_settings, newsroom.store, newsroom.index)
    with TestClient(app, client=("127.0.0.1", 1)) as client:
        assert client.get("/api/v1/articles?q=lu").status_code == 200
        values = dict(line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if line[0] != "#")
        assert float(values['diembao_pages{outcome="",state="found"}']) == 1
        assert float(values['diembao_search_seconds_count{outcome="ok",question="search"}']) == 1
        assert values['diembao_lag_seconds{step="understand"}'] == "0.0"
        assert float(values["diembao_outbox_depth"]) > 0
        assert 'diembao_lag_seconds{step="index"}' in values and 'diembao_lag_seconds{step="fetch"}' in values
