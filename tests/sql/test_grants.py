"""Each component may do its work and nothing else."""

import pymysql
import pytest

from market.database import connect, user_of
from market.migrate import migrate
from market.settings import Component

DENIED = {1142, 1044, 1227}  # command denied on table, access denied to database, privilege needed


@pytest.mark.parametrize(
    ("component", "statement"),
    [
        ("worker", "DELETE FROM prediction"),
        ("worker", "UPDATE prediction SET up1 = 0"),
        ("worker", "INSERT INTO model (version) VALUES ('x')"),
        ("worker", "SELECT * FROM bar"),
        ("stream", "INSERT INTO prediction (symbol) VALUES ('x')"),
        ("stream", "SELECT * FROM model"),
        ("stream", "DROP TABLE bar"),
        ("stream", "DELETE FROM bar"),
        ("stream", "DELETE FROM cot_report"),
        ("stream", "ALTER TABLE bar DROP PARTITION earlier"),
        ("trainer", "DELETE FROM model"),
        ("trainer", "UPDATE feature SET close = 0"),
        ("feeds", "DELETE FROM slot"),
        ("feeds", "INSERT INTO slot (symbol) VALUES ('x')"),
        ("feeds", "SELECT * FROM feature"),
        ("reader", "INSERT INTO slot (symbol) VALUES ('x')"),
        ("reader", "CREATE TABLE mine (n INT)"),
    ],
)
def test_what_is_not_granted_is_denied(market: dict[str, str], component: Component, statement: str) -> None:
    with connect(component) as connection, pytest.raises(pymysql.err.MySQLError) as error:
        connection.cursor().execute(statement)
    assert error.value.args[0] in DENIED


@pytest.mark.parametrize(
    ("component", "statement"),
    [
        ("worker", "SELECT 1 FROM feature, model, prediction"),
        ("stream", "SELECT 1 FROM bar, slot, feature, v_feature LIMIT 0"),
        ("trainer", "SELECT 1 FROM feature, v_target LIMIT 0"),
        ("reader", "SELECT 1 FROM v_prediction, v_slot, v_gap LIMIT 0"),
        ("feeds", "SELECT 1 FROM slot, bar, instrument LIMIT 0"),
    ],
)
def test_what_is_granted_works(market: dict[str, str], component: Component, statement: str) -> None:
    with connect(component) as connection:
        connection.cursor().execute(statement)


def test_a_right_of_before_is_taken_back(market: dict[str, str]) -> None:
    with connect("admin") as connection:
        connection.cursor().execute(f"GRANT DELETE ON {market['MARKET_MARIADB__DATABASE']}.slot TO {user_of('stream')}")
    migrate()
    with connect("stream") as connection, pytest.raises(pymysql.err.MySQLError) as error:
        connection.cursor().execute("DELETE FROM slot")
    assert error.value.args[0] in DENIED


def test_migrating_again_changes_nothing(market: dict[str, str]) -> None:
    assert migrate() == []


def test_only_one_champion_a_symbol_set(market: dict[str, str]) -> None:
    insert = (
        "INSERT INTO model (version, symbol_set, status, onnx, sha256, feature_hash, window_size, thresholds, metrics, "
        "trained_from, trained_to) VALUES (%s, %s, 'champion', '', '', '', 30, '{}', '{}', NOW(), NOW())"
    )
    with connect("admin") as connection, connection.cursor() as cursor:
        cursor.execute(insert, ("a", "fx"))
        cursor.execute(insert, ("b", "equities"))
        with pytest.raises(pymysql.err.IntegrityError, match="one_champion"):
            cursor.execute(insert, ("c", "fx"))
