import pytest

from diembao.errors import Forbidden
from diembao.newsroom.permissions import PERMISSIONS, Action, Actor, Role, allowed, require


def test_every_action_has_a_row_and_somebody_who_may_do_it() -> None:
    assert set(PERMISSIONS) == set(Action)
    assert all(PERMISSIONS.values())


def test_who_looks_after_machines_or_people_has_no_say_over_content() -> None:
    content = {Action.JUDGE, Action.APPROVE, Action.PUBLISH, Action.WITHDRAW, Action.BUILD_DIGEST, Action.SEND_DIGEST}
    for role in (Role.OPERATOR, Role.ADMIN, Role.ANALYST):
        assert not [action for action in content if allowed({role}, action)]


def test_an_editor_cannot_approve_and_publish_alone() -> None:
    editor = Actor("lan", frozenset({Role.EDITOR}), 1)
    require(editor, Action.JUDGE)
    for action in (Action.APPROVE, Action.PUBLISH, Action.APPROVE_DIGEST, Action.SEND_DIGEST):
        with pytest.raises(Forbidden) as refused:
            require(editor, action)
        assert refused.value.action == action.value
