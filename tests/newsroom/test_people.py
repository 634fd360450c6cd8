"""Accounts, signing in, second factor, keys: on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from argon2 import PasswordHasher

from diembao.errors import Forbidden, Refused
from diembao.newsroom import api_keys, passwords, people, second_factor, signing_in
from diembao.newsroom.api_keys import Scope
from diembao.newsroom.passwords import Passwords
from diembao.newsroom.people import COMMAND_LINE, actor_of
from diembao.newsroom.permissions import Role
from diembao.newsroom.seal import Seal
from diembao.newsroom.signing_in import Visit
from diembao.settings import Settings
from diembao.store import audit
from diembao.store import people as accounts

NOW = datetime(2026, 11, 22, 2, 5, tzinfo=UTC)
GOOD = "hai con trâu gặm cỏ"
OTHER = "ba cái thuyền giấy xanh"
HERE = Visit("203.0.113.7", "Firefox")


@pytest.fixture
def keeper() -> Passwords:
    """As it is kept in production, with less work: what is tried here does not depend on how dear a hash is."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def add(store, keeper):
    def make(name="lan", *roles, password=GOOD):
        return people.add(
            store, keeper, COMMAND_LINE, name=name, password=password, roles=roles or [Role.EDITOR], now=NOW
        )

    return make


@pytest.fixture
def try_password(store, keeper):
    def attempt(password, name="lan", at=NOW, visit=HERE, settings=None):
        return signing_in.sign_in(store, keeper, settings or Settings(), name, password, visit, at)

    return attempt


def actor(store, user_id):
    with store.read() as session:
        return actor_of(accounts.by_id(session, user_id))


def is_open(store, token, at=NOW, settings=None):
    return signing_in.resume(store, settings or Settings(), token, HERE, at) is not None


def refused(key, run, *args, **values):
    with pytest.raises(Refused) as error:
        run(*args, **values)
    assert error.value.key == key
    return error.value


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("ngắn quá", "too_short"),
        ("x" * 201, "too_long"),
        ("passwordpassword", "guessable"),
        ("thainguyen2026", "guessable"),
        ("MatKhau@123456", "guessable"),
        ("lan.nguyen.2026", "guessable"),
        ("123456789012", "guessable"),
        (GOOD, None),
        ("correct horse battery staple", None),
    ],
)
def test_passwords_are_long_and_not_easily_guessed(password, fault):
    assert passwords.fault(password, ["lan", "nguyen"]) == fault


def test_temporary_passwords_pass_their_own_rules():
    made = {passwords.temporary() for _ in range(50)}
    assert len(made) == 50 and not any(passwords.fault(password) for password in made)


def test_a_password_fits_however_its_letters_are_composed(keeper):
    kept = keeper.hashed("Hồ Núi Cốc mùa nước")
    assert "Núi" not in kept and keeper.fits("Hồ Núi Cốc mùa nước".encode().decode(), kept)
    import unicodedata

    assert keeper.fits(unicodedata.normalize("NFD", "Hồ Núi Cốc mùa nước"), kept)
    assert not keeper.fits("Hồ Núi Cốc mùa nước ", kept) and not keeper.fits("", "") and not keeper.fits(GOOD, "")


def test_signing_in_by_name_whatever_its_case(store, add, try_password):
    add("lan")
    signed = try_password(GOOD, " LAN ")
    assert signed.stage == "full" and is_open(store, signed.token)
    assert not is_open(store, signed.token + "x") and not is_open(store, "")


def test_a_wrong_password_an_unknown_name_and_a_disabled_account_are_told_alike(store, add, try_password):
    add("chu", Role.ADMIN)
    number = add("lan")
    with store.write() as session:
        people.disable(session, COMMAND_LINE, number, NOW)
    for name, password in (("chu", OTHER), ("khong-co", GOOD), ("lan", GOOD), ("", ""), ("x" * 900, "y")):
        refused("wrong_name_or_password", try_password, password, name)


def test_unknown_names_take_the_same_work(store, add, try_password, keeper, monkeypatch):
    """Time is not measured here: what costs the time is counted."""
    add("lan")
    checked = []
    fits = Passwords.fits
    monkeypatch.setattr(Passwords, "fits", lambda self, *given: checked.append(given) or fits(self, *given))
    refused("wrong_name_or_password", try_password, OTHER, "khong-co")
    refused("wrong_name_or_password", try_password, OTHER, "lan")
    assert len(checked) == 2
    verified = []
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, kept, given: verified.append(kept) or True)
    assert not keeper.fits(GOOD, "") and verified[0].startswith("$argon2id$")


@pytest.mark.parametrize("name", ["lan", "khong-co"])
def test_a_name_is_locked_for_longer_each_time_whether_it_exists_or_not(store, add, try_password, name):
    add("lan")
    for _ in range(5):
        refused("wrong_name_or_password", try_password, OTHER, name)
    waits, at = [], NOW
    for _ in range(4):
        error = refused("locked", try_password, GOOD, name, at)
        waits.append(error.values["until"] - at)
        at = error.values["until"]
        refused("wrong_name_or_password", try_password, OTHER, name, at)
    assert waits == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]


def test_the_lock_ends_and_the_right_password_starts_anew(store, add, try_password):
    add("lan")
    for _ in range(5):
        refused("wrong_name_or_password", try_password, OTHER)
    refused("locked", try_password, GOOD)
    later = NOW + timedelta(minutes=1)
    assert try_password(GOOD, at=later).stage == "full"
    for _ in range(4):
        refused("wrong_name_or_password", try_password, OTHER, at=later)
    assert try_password(GOOD, at=later)


def test_an_address_that_tries_many_names_is_locked_and_others_are_not(store, add, try_password):
    add("lan")
    for number in range(25):
        refused("wrong_name_or_password", try_password, OTHER, f"ten-{number}")
    refused("locked", try_password, GOOD)
    assert try_password(GOOD, visit=Visit("198.51.100.2"))


def test_tries_at_once_are_no_more_than_tries_in_a_row(store, add, try_password):
    """Whoever sends a hundred guesses in one moment must not have them all looked at."""
    add("lan")
    told: list[str] = []

    def attempt():
        try:
            try_password(OTHER)
        except Refused as error:
            told.append(error.key)

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("wrong_name_or_password") == 5 and told.count("locked") == 11


def test_sessions_end_by_idleness_and_by_age(store, add, try_password):
    add("lan")
    settings = Settings(session_idle_minutes=30, session_hours=2)
    token = try_password(GOOD, settings=settings).token
    at = NOW
    while at < NOW + timedelta(minutes=119):
        assert is_open(store, token, at, settings)
        at += timedelta(minutes=20)
    assert not is_open(store, token, NOW + timedelta(hours=2), settings)
    idle = try_password(GOOD, settings=settings).token
    assert not is_open(store, idle, NOW + timedelta(minutes=31), settings)


def test_only_the_digest_of_a_token_is_kept(store, add, try_password):
    add("lan")
    token = try_password(GOOD).token
    with store.read() as session:
        [row] = accounts.sessions_of(session, 1, NOW)
        assert token not in str(vars(row)) and row.token_digest == signing_in.digest_of(token)


@pytest.mark.parametrize("change", ["password", "reset", "roles", "disable"])
def test_what_changes_the_rights_or_the_password_ends_every_session(store, add, keeper, try_password, change):
    add("chu", Role.ADMIN)
    number = add("lan")
    tokens = [try_password(GOOD).token for _ in range(2)]
    if change == "password":
        people.change_own_password(store, keeper, actor(store, number), current=GOOD, new=OTHER, now=NOW)
    elif change == "reset":
        people.reset_password(store, keeper, COMMAND_LINE, number, OTHER, NOW)
    else:
        with store.write() as session:
            if change == "roles":
                people.set_roles(session, COMMAND_LINE, number, [Role.CHIEF], NOW)
            else:
                people.disable(session, COMMAND_LINE, number, NOW)
    assert not any(is_open(store, token) for token in tokens)


def test_a_password_is_changed_by_who_knows_the_old_one(store, add, keeper, try_password):
    me = actor(store, add("lan"))
    change = people.change_own_password
    refused("wrong_password", change, store, keeper, me, current=OTHER, new=GOOD, now=NOW)
    refused("same_password", change, store, keeper, me, current=GOOD, new=GOOD, now=NOW)
    refused("too_short", change, store, keeper, me, current=GOOD, new="ngắn", now=NOW)
    change(store, keeper, me, current=GOOD, new=OTHER, now=NOW)
    assert try_password(OTHER).stage == "full"
    refused("wrong_name_or_password", try_password, GOOD)


def test_somebody_must_be_left_to_look_after_the_accounts(store, add):
    number = add("chu", Role.ADMIN)
    with store.write() as session:
        refused("last_admin", people.set_roles, session, COMMAND_LINE, number, [Role.EDITOR], NOW)
        session.rollback()
    with store.write() as session:
        refused("last_admin", people.disable, session, COMMAND_LINE, number, NOW)
        session.rollback()
    add("hai", Role.ADMIN)
    with store.write() as session:
        people.disable(session, COMMAND_LINE, number, NOW)


@pytest.mark.parametrize("name", ["", "l", "1an", "lan nguyen", "lần", "x" * 41, "<b>", "-lan"])
def test_names_are_plain(add, name):
    refused("bad_name", add, name)


def test_a_name_is_given_once_and_only_by_who_may(store, keeper, add):
    editor = actor(store, add("lan"))
    refused("name_taken", add, "LAN")
    with pytest.raises(Forbidden):
        people.add(store, keeper, editor, name="hoa", password=GOOD, roles=[Role.ADMIN], now=NOW)
    with store.write() as session, pytest.raises(Forbidden):
        people.set_roles(session, editor, 1, [Role.ADMIN], NOW)


def test_every_change_is_in_the_audit_log(store, add, keeper, try_password):
    add("chu", Role.ADMIN)
    number = add("lan")
    try_password(GOOD)
    with store.write() as session:
        people.set_roles(session, COMMAND_LINE, number, [Role.CHIEF], NOW)
        people.disable(session, COMMAND_LINE, number, NOW)
        people.enable(session, COMMAND_LINE, number, NOW)
    people.set_password(store, keeper, "lan", OTHER, NOW)
    with store.read() as session:
        rows = audit.of_object(session, "user", number)
        assert [row.action for row in rows] == [
            "user_add", "sign_in", "user_roles", "user_disable", "user_enable", "password_reset",
        ]  # fmt: skip
        assert rows[2].detail == {"name": "lan", "before": ["editor"], "after": ["chief"]}
        assert not any(word in str(row.detail) for row in rows for word in (GOOD, OTHER, "argon2"))
        assert audit.first_broken(session) is None


class TestSecondFactor:
    @pytest.fixture
    def seal(self):
        return Seal(lambda: "a key of this installation")

    @pytest.fixture
    def enrolled(self, store, add, try_password, seal):
        """(secret, recovery codes) of lan, who has a second factor."""
        me = actor(store, add("lan"))
        token = try_password(GOOD).token
        session_id = signing_in.resume(store, Settings(), token, HERE, NOW)[0].id
        with store.write() as session:
            secret = second_factor.offer(session, session_id, seal)
        with store.write() as session:
            refused("wrong_code", second_factor.begin, session, me, session_id, "000000", seal, NOW)
        with store.write() as session:
            codes = second_factor.begin(session, me, session_id, pyotp.TOTP(secret).at(NOW), seal, NOW)
        return secret, codes

    def confirm(self, store, seal, token, code, at):
        return signing_in.confirm(
            store, Settings(), token, lambda session, row: second_factor.accept(session, row, code, seal, at), HERE, at
        )

    def test_the_password_alone_opens_nothing(self, store, enrolled, try_password, seal):
        secret, _ = enrolled
        at = NOW + timedelta(minutes=1)
        waiting = try_password(GOOD, at=at)
        assert waiting.stage == "second_factor"
        assert signing_in.resume(store, Settings(), waiting.token, HERE, at)[0].stage == "second_factor"
        refused("wrong_code", self.confirm, store, seal, waiting.token, "123456", at)
        signed = self.confirm(store, seal, waiting.token, pyotp.TOTP(secret).at(at), at)
        assert signed.stage == "full" and signed.token != waiting.token
        refused("no_session", self.confirm, store, seal, waiting.token, pyotp.TOTP(secret).at(at), at)

    def test_a_code_counts_once_and_not_long(self, store, enrolled, try_password, seal):
        secret, _ = enrolled
        at = NOW + timedelta(minutes=5)
        code = pyotp.TOTP(secret).at(at)
        self.confirm(store, seal, try_password(GOOD, at=at).token, code, at)
        refused("wrong_code", self.confirm, store, seal, try_password(GOOD, at=at).token, code, at)
        old = pyotp.TOTP(secret).at(at - timedelta(seconds=90))
        refused("wrong_code", self.confirm, store, seal, try_password(GOOD, at=at).token, old, at)

    def test_codes_are_not_guessed_by_many_tries(self, store, enrolled, try_password, seal):
        at = NOW + timedelta(minutes=5)
        told = []
        for number in range(8):
            try:
                self.confirm(store, seal, try_password(GOOD, at=at).token, f"{number:06}", at)
            except Refused as error:
                told.append(error.key)
        assert told.count("wrong_code") <= 3 and told[-1] == "locked"

    def test_recovery_codes_count_once_each(self, store, enrolled, try_password, seal):
        _, codes = enrolled
        at = NOW + timedelta(minutes=5)
        assert len(set(codes)) == 10
        typed = codes[0].replace("-", " ").upper()
        assert self.confirm(store, seal, try_password(GOOD, at=at).token, typed, at).stage == "full"
        refused("wrong_code", self.confirm, store, seal, try_password(GOOD, at=at).token, codes[0], at)

    def test_secrets_are_unreadable_at_rest(self, store, enrolled, seal):
        secret, codes = enrolled
        with store.read() as session:
            kept = str(vars(accounts.by_name(session, "lan")))
        assert secret not in kept and not any(code in kept or code.replace("-", "") in kept for code in codes)
        with pytest.raises(ValueError):
            Seal(lambda: "another key").decrypt(seal.encrypt(secret))


class TestKeys:
    @pytest.fixture
    def make(self, store, add):
        me = actor(store, add("lan"))

        def one(*scopes, per_day=5, days=30, who=me):
            with store.write() as session:
                return api_keys.make(
                    session, who, name="Cổng", scopes=scopes, per_day=per_day, per_minute=60, days=days, now=NOW
                )

        one.me = me
        return one

    def test_a_key_acts_for_its_person_within_its_scopes(self, store, make):
        key = make(Scope.READ)
        use = api_keys.use(store, key, NOW)
        assert use.actor.name == "lan" and use.scopes == {Scope.READ} and use.left == 4
        for wrong in ("", key[:-1], key + "x", "dbtn_", key.upper(), "x" * 5000):
            assert api_keys.use(store, wrong, NOW) is None
        with store.read() as session:
            from diembao.store.models import ApiKeyRow

            assert key not in str(vars(session.get_one(ApiKeyRow, 1)))

    def test_rights_that_its_person_lost_are_lost_to_the_key(self, store, make, add):
        key = make(Scope.READ, Scope.PUSH)
        add("chu", Role.ADMIN)
        with store.write() as session:
            people.set_roles(session, COMMAND_LINE, 1, [Role.ANALYST], NOW)
        assert api_keys.use(store, key, NOW).scopes == {Scope.READ}
        with store.write() as session:
            people.disable(session, COMMAND_LINE, 1, NOW)
        assert api_keys.use(store, key, NOW) is None

    def test_nobody_makes_a_key_beyond_their_rights(self, store, make, add):
        admin = actor(store, add("chu", Role.ADMIN))
        with pytest.raises(Forbidden):
            make(Scope.READ, who=admin)

    def test_keys_expire_and_are_taken_back(self, store, make, add):
        key = make(Scope.READ)
        assert api_keys.use(store, key, NOW + timedelta(days=30)) is None
        stranger, admin = actor(store, add("hoa")), actor(store, add("chu", Role.ADMIN))
        with store.write() as session:
            refused("no_key", api_keys.revoke, session, stranger, 1, NOW)
        assert api_keys.use(store, key, NOW)
        with store.write() as session:
            api_keys.revoke(session, admin, 1, NOW)
        assert api_keys.use(store, key, NOW) is None

    def test_the_quota_is_of_a_day(self, store, make):
        key = make(Scope.READ, per_day=2)
        assert [api_keys.use(store, key, NOW).left for _ in range(3)] == [1, 0, -1]
        assert api_keys.use(store, key, NOW + timedelta(days=1)).left == 1
