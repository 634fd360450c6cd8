"""A newsroom with stories of our own writing, on a real SQLite store and the embedded index."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from diembao.index.opening import open_index
from diembao.index.protocol import SearchIndex
from diembao.newsroom import api_keys
from diembao.newsroom.people import actor_of
from diembao.newsroom.publishing import publish
from diembao.newsroom.seal import Seal
from diembao.newsroom.signing_in import Visit, digest_of, enter
from diembao.records import Annotations, Article, Entity, Evidence, FeedHints, PlaceMention, Relevance, Stance, Topic
from diembao.settings import Settings
from diembao.store import articles, audit, pages, sources, stories
from diembao.store import people as accounts
from diembao.store.database import Store, open_store
from diembao.store.models import StoryRow, UserRow
from pipelines.indexing import drain
from search_api.app import create_app
from search_api.limits import RateLimiter

# Sunday, 09:05 in Viet Nam.
NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
# Words that stand only where the public may not look.
SECRET_TEXT = "đoạn toàn văn chỉ dành cho ban biên tập"
SECRET_EVIDENCE = "câu chứng cứ bất lợi"


@dataclass
class Printing:
    """One article to be made; `at` is its source time."""

    title: str
    source: str = "songcau"
    at: datetime | None = NOW - timedelta(hours=3)
    lead: str = "Mực nước sông Cầu tại trạm Gia Bảy vượt báo động hai. Các phường ven sông đã sẵn sàng di dời dân."
    text: str = ""
    topics: tuple[str, ...] = ("thien-tai-thoi-tiet",)
    places: tuple[PlaceMention, ...] = (PlaceMention("Tân Cương", "05503", "unit", "xã Tân Cương"),)
    authors: tuple[str, ...] = ()
    credit: str = ""
    url: str = ""
    stance: Stance = Stance.UNFAVOURABLE
    reprint_of: int | None = None  # position in the story


@dataclass
class Newsroom:
    store: Store
    index: SearchIndex
    _count: int = 0
    article_ids: list[int] = field(default_factory=list)

    def outlet(self, name: str, title: str, agreement: str = "none") -> None:
        self._outlets[name] = sources.SourceRecord(
            name,
            title,
            "newspaper",
            "local",
            agreement,
            {"domains": [f"{name}.vn"]},
            (("feed", f"https://{name}.vn/rss"),),
        )
        with self.store.write() as session:
            sources.sync_sources(session, self._outlets.values(), 600, NOW)

    _outlets: dict[str, sources.SourceRecord] = field(default_factory=dict)

    def story(
        self, *printings: Printing, headline: str = "", summary: str = "", published: bool = True, index: bool = True
    ) -> int:
        """Make a story of these printings; returns its id."""
        with self.store.write() as session:
            first = min(printing.at or NOW for printing in printings)
            story = stories.create(session, at=first, relevance="relevant", now=NOW)
            made: list[int] = []
            for printing in printings:
                made.append(self._article(session, story.id, printing, made))
            stories.refresh(session, story.id, NOW)
            story.headline, story.summary = headline, summary
            session.flush()
            if published:
                publish(session, story, articles.of_story(session, story.id), actor="editor:lan", now=NOW)
            story_id = story.id
        self.article_ids += made
        if index:
            drain(self.store, self.index)
        return story_id

    def recall(self, story_id: int) -> None:
        """What the desk does when a story must go: the store knows at once, the index a little later."""
        with self.store.write() as session:
            session.get_one(StoryRow, story_id).state = "withdrawn"
            audit.record(
                session, actor="editor:lan", action="withdraw", object_kind="story", object_id=story_id, at=NOW
            )

    def poll(self, source: str, status: str, new_items: int = 0) -> None:
        with self.store.write() as session:
            feed = sources.feeds_of(session)[source][0]
            sources.record_poll(
                session, feed.id, now=NOW, status=status, reason="", interval_seconds=600, new_items=new_items
            )

    def _article(self, session: object, story_id: int, printing: Printing, made: list[int]) -> int:
        self._count += 1
        url = printing.url or f"https://{printing.source}.vn/bai-{self._count}.html"
        key = f"https://{printing.source}.vn/bai-{self._count}.html"
        pages.register_found(session, printing.source, None, [pages.FoundLink(key, FeedHints())], NOW)  # type: ignore[arg-type]
        page = pages.by_url(session, key)  # type: ignore[arg-type]
        assert page is not None
        text = printing.text or f"{printing.lead}\nDiễn biến tiếp theo của bài: {SECRET_TEXT}."
        evidence = (Evidence("blame", SECRET_EVIDENCE, "text", 0, 5, 1.0),)
        annotations = Annotations(
            Relevance.RELEVANT,
            0.98,
            evidence=evidence,
            topics=tuple(Topic(slug, 0.9) for slug in printing.topics),
            stance=printing.stance,
            stance_evidence=evidence,
            needs_response=True,
            accused="Sở Ví Dụ",
            places=printing.places,
            entities=(Entity("person", "Nguyễn Thị Ví Dụ"),),
            language="vi",
        )
        row = articles.add(
            session,  # type: ignore[arg-type]
            page.id,
            Article(
                url,
                url,
                printing.source,
                printing.title,
                printing.lead,
                text,
                authors=printing.authors,
                published_at=printing.at,
                credit=printing.credit,
            ),
            annotations,
            story_id=story_id,
            reprint_of=made[printing.reprint_of] if printing.reprint_of is not None else None,
            signature=b"",
            bands=(),
            fetched_at=printing.at or NOW - timedelta(hours=2),
            now=NOW,
        )
        return row.id


@dataclass
class People:
    """Accounts and open sessions, made without hashing passwords."""

    store: Store
    settings: Settings

    def add(self, *roles: str, name: str, now: datetime = NOW, **details: object) -> int:
        """An account without a password; its id. details: columns of the row."""
        with self.store.write() as session:
            row = UserRow(name=name, roles=list(roles), created_at=now, full_name="Nguyễn Thị Lan", **details)
            return accounts.add(session, row).id

    def sign_in(self, *roles: str, name: str, now: datetime, **details: object) -> str:
        """The token of a new session of this person, who is made when there is none of this name."""
        with self.store.read() as session:
            known = accounts.by_name(session, name)
        user_id = known.id if known else self.add(*roles, name=name, now=now, **details)
        with self.store.write() as session:
            row = accounts.by_id(session, user_id)
            assert row is not None
            return enter(session, row, "password", self.settings, Visit("203.0.113.7", "Firefox"), now).token


class DeskClient(TestClient):
    """A browser in which somebody has signed in; what it posts carries the token of the session, as forms do."""

    def __init__(self, app: FastAPI, token: str, *, csrf: str) -> None:
        super().__init__(app, client=("203.0.113.7", 40000), base_url="https://baochi.example", follow_redirects=False)
        self.token, self.csrf = token, csrf
        self.cookies.set("__Host-diembao-session", token)

    def post(self, url: Any, **options: Any) -> Any:
        options["headers"] = {"X-CSRF-Token": self.csrf} | dict(options.get("headers") or {})
        return super().post(url, **options)


CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def site_settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "public_url": "https://baochi.example",
            "owner_name": "Trung tâm Thông tin tỉnh",
            "owner_email": "lienhe@baochi.example",
            "owner_phone": "0208 300 000",
        }
    )


@pytest.fixture(scope="session")
def fresh_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store with three outlets, made once and copied for each test."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("fresh") / "data")
    store = open_store(settings)
    made = Newsroom(store, open_index(settings))
    made.outlet("songcau", "Báo Sông Cầu")
    made.outlet("trungdu", "Báo Trung Du", "excerpt")
    made.outlet("xuche", "Tạp chí Xứ Chè")
    store.close()
    return settings.data_dir


@pytest.fixture
def newsroom(site_settings: Settings, fresh_data_dir: Path) -> Iterator[Newsroom]:
    shutil.copytree(fresh_data_dir, site_settings.data_dir)
    store, index = open_store(site_settings), open_index(site_settings)
    yield Newsroom(store, index)
    index.close()
    store.close()


@pytest.fixture
def clock() -> list[datetime]:
    """The time the site believes in; tests move it by replacing the element."""
    return [NOW]


@pytest.fixture
def site(newsroom: Newsroom, site_settings: Settings, clock: list[datetime]) -> Iterator[TestClient]:
    """The application as a visitor on the internet meets it, but for the limit of requests."""
    unlimited = RateLimiter(per_second=1e6, burst=1_000_000)
    app = create_app(site_settings, newsroom.store, newsroom.index, now=lambda: clock[0], limiter=unlimited)
    with TestClient(app, client=("203.0.113.7", 40000), base_url="https://baochi.example") as client:
        yield client


@pytest.fixture
def people(newsroom: Newsroom, site_settings: Settings) -> People:
    """Accounts at the desk, made without hashing a password each time."""
    return People(newsroom.store, site_settings)


@pytest.fixture
def signed_in(site: TestClient, people: People, clock: list[datetime]) -> Callable[..., DeskClient]:
    """A client of the site in which somebody of these roles has signed in: `signed_in("editor")`.

    Its `post` sends the token of its session; `signed_in("chief", name="minh")` names the person.
    """

    def make(*roles: str, name: str = "", **details: object) -> DeskClient:
        token = people.sign_in(*roles, name=name or f"{roles[0]}.mot", now=clock[0], **details)
        csrf = Seal(people.settings.signing_key).signature("form", digest_of(token))
        return DeskClient(site.app, token, csrf=csrf)

    return make


@pytest.fixture
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: pages not looked at in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def live_site() -> Callable[[FastAPI], Iterator[str]]:
    """Runs an application on a port of this machine, for browsers: `yield from live_site(app)` gives its address."""

    def run(app: FastAPI) -> Iterator[str]:
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        thread.join(20)

    return run


@pytest.fixture
def desk_address(
    newsroom: Newsroom, site_settings: Settings, clock: list[datetime], live_site: Callable[[FastAPI], Iterator[str]]
) -> Iterator[str]:
    """The site on a port: over http, so that its cookies are plain ones."""
    plain = site_settings.model_copy(update={"public_url": "http://127.0.0.1"})
    yield from live_site(create_app(plain, newsroom.store, newsroom.index, now=lambda: clock[0]))


@pytest.fixture
def desk_page(browser: Any, desk_address: str, people: People, clock: list[datetime]) -> Callable[..., Any]:
    """A browser page in which somebody has signed in: `page = desk_page("editor", width=390, scheme="dark")`.

    Its base address is the site's: `page.goto("/ban-bien-tap")`.
    """

    def make(*roles: str, name: str = "", width: int = 1280, height: int = 900, scheme: str = "light") -> Any:
        context = browser.new_context(
            base_url=desk_address,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale="vi-VN",
            reduced_motion="reduce",  # what is still fading in has no contrast yet
        )
        if roles:
            token = people.sign_in(*roles, name=name or f"{roles[0]}.mot", now=clock[0])
            context.add_cookies([{"name": "diembao-session", "value": token, "url": desk_address}])
        return context.new_page()

    return make


@pytest.fixture
def printing() -> Callable[..., Printing]:
    return Printing


@pytest.fixture
def key(people: People, newsroom: Newsroom, clock: list[datetime]) -> Callable[..., str]:
    """A key of an editor's own for these scopes: `key("read", "push")`."""

    def make(*scopes: str, name: str = "chu.khoa", role: str = "editor", per_minute: int = 6000) -> str:
        with newsroom.store.read() as session:
            known = accounts.by_name(session, name)
        user_id = known.id if known else people.add(role, name=name, now=clock[0])
        with newsroom.store.write() as session:
            user = accounts.by_id(session, user_id)
            assert user is not None
            return api_keys.make(
                session,
                actor_of(user),
                name="Cổng",
                scopes=[api_keys.Scope(scope) for scope in scopes],
                per_day=1_000_000,
                per_minute=per_minute,
                days=90,
                now=clock[0],
            )

    return make
