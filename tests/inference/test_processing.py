"""The processing function on a real MariaDB and Kafka, in this process: rows, messages, refusals, redelivery."""

import json
from datetime import UTC

import pytest

from inference.champion import LOOK_EVERY_S, Champion
from inference.errors import NoChampion
from inference.handler import Service, records_of
from inference.monitor import Monitor
from inference.processing import PAYLOAD_LIMIT, Processor, Record
from inference.store import Database
from inference.window import window_hash
from market.features import catalogue
from market.messages import DeadLetter, Prediction
from market.settings import get_settings


class Rig:
    """A processor with a clock that the test moves."""

    def __init__(self):
        self.now = 0.0
        self.monitor, self.database = Monitor(), Database()
        self.champion = Champion("default", self.database, self.monitor, clock=lambda: self.now)
        self.processor = Processor(get_settings().topics, self.database, self.champion, self.monitor)
        self.offset = 0

    def look(self):
        self.now += LOOK_EVERY_S
        self.champion.look()

    def process(self, *values):
        records = []
        for value in values:
            self.offset += 1
            records.append(Record("predict_timestamp", 0, self.offset, value))
        return self.processor.process(records)

    def counted(self, name, **labels):
        return self.monitor.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def rig(world):
    world.admin("DELETE FROM model")
    world.register("m1")
    rig = Rig()
    rig.look()
    yield rig
    rig.database.close()


@pytest.fixture(scope="module")
def topics(world):
    return get_settings().topics


def test_one_event_is_one_row_and_one_message(world, rig, tail, topics, expected):
    symbol = world.new_symbol(rows=6)
    event = world.readiness(symbol, 5)
    outcome = rig.process(event.to_bytes())
    assert (outcome.predicted, outcome.repeated, outcome.refused) == (1, 0, {})

    (row,) = world.predictions(symbol)
    for target, weight in (("up1", 0.1), ("up2", 0.2), ("down1", 0.3), ("down2", 0.4)):
        assert row[target] == pytest.approx(expected([1, 2, 3, 4, 5], weight), abs=1e-6)
    assert (row["bar_end"], row["model_version"]) == (world.at(5), "m1")

    messages = [Prediction.model_validate_json(value) for value in tail(topics.prediction).everything()]
    (message,) = [message for message in messages if message.symbol == symbol]
    assert (message.up1, message.down2, message.window_hash) == (row["up1"], row["down2"], row["window_hash"])
    assert row["created_at"] <= message.committed_at.replace(tzinfo=None)
    assert rig.counted("inference_predictions_total") == 1
    assert rig.counted("inference_last_bar_end_timestamp_seconds") == world.at(5).replace(tzinfo=UTC).timestamp()


def test_the_window_hash_can_be_recomputed_from_the_table(world, rig):
    symbol = world.new_symbol()
    values = world.write_full_rows(symbol, 6)
    rig.process(world.readiness(symbol, 5).to_bytes())
    (row,) = world.predictions(symbol)
    assert row["window_hash"] == window_hash(symbol, [world.at(n) for n in range(1, 6)], values[1:])


def test_a_redelivered_event_keeps_the_first_row_and_publishes_it_again(world, rig, tail, topics):
    symbol = world.new_symbol(rows=5)
    event = world.readiness(symbol, 4).to_bytes()
    rig.process(event)
    (first,) = world.predictions(symbol)
    world.write_row(symbol, 1, close=100.0)  # corrected meanwhile: a new computation would differ
    outcome = rig.process(event)
    assert (outcome.predicted, outcome.repeated) == (0, 1)
    assert world.predictions(symbol) == [first]
    messages = [Prediction.model_validate_json(value) for value in tail(topics.prediction).everything()]
    sent = [(message.up1, message.window_hash) for message in messages if message.symbol == symbol]
    assert sent == [(first["up1"], first["window_hash"])] * 2


def test_an_event_twice_in_one_batch_beside_a_new_one(world, rig):
    symbol = world.new_symbol(rows=6)
    twice, other = world.readiness(symbol, 4).to_bytes(), world.readiness(symbol, 5).to_bytes()
    outcome = rig.process(twice, twice, other)
    assert (outcome.predicted, outcome.repeated) == (2, 1)
    assert [row["bar_end"] for row in world.predictions(symbol)] == [world.at(4), world.at(5)]


def test_every_kind_of_bad_event_goes_to_dead_letter_and_the_good_one_goes_on(world, rig, tail, topics):
    good, young = world.new_symbol(rows=5), world.new_symbol(rows=4)
    rubbish = b"\xff\x00 not json"
    values = {
        rubbish: "unreadable: no readiness message",
        b'{"symbol": "X"}': "unreadable: no readiness message: bar_end: Field required",
        world.readiness(good, 3, feature_hash="0123456789abcdef").to_bytes(): "feature_hash_mismatch: the event's "
        f"feature_hash is 0123456789abcdef, this worker's catalogue and model have {catalogue().hash}",
        world.readiness(young, 3).to_bytes(): f"insufficient_history: feature has 4 rows of {young}",
        world.readiness(good, 7).to_bytes(): "feature_row_missing: feature has no row",
    }
    outcome = rig.process(*values, None, world.readiness(good, 4).to_bytes())
    assert outcome.predicted == 1
    assert outcome.refused == {
        "unreadable": 3, "feature_hash_mismatch": 1, "insufficient_history": 1, "feature_row_missing": 1,
    }  # fmt: skip
    assert rig.counted("inference_refused_total", reason="unreadable") == 3
    assert len(world.predictions(good)) == 1

    letters = [DeadLetter.model_validate_json(value) for value in tail(topics.dead_letter).everything()]
    by_payload = {letter.payload: letter for letter in letters}
    for number, (value, reason) in enumerate(values.items(), 1):
        letter = by_payload[value.decode(errors="backslashreplace")]
        assert letter.reason.startswith(reason)
        assert (letter.source, letter.topic, letter.partition, letter.offset) == (
            "inference", "predict_timestamp", 0, number,
        )  # fmt: skip


def test_a_huge_payload_is_cut_so_that_its_dead_letter_can_be_sent(rig, tail, topics):
    outcome = rig.process(b"\x01" * 900_000)
    assert outcome.refused == {"unreadable": 1}
    letters = [DeadLetter.model_validate_json(value) for value in tail(topics.dead_letter).everything()]
    assert any(len(letter.payload) == PAYLOAD_LIMIT and "payload cut" in letter.reason for letter in letters)


def test_without_a_champion_nothing_is_processed(world, rig):
    world.admin("DELETE FROM model")
    rig.look()
    with pytest.raises(NoChampion, match="symbol set default has no usable champion"):
        rig.process(world.readiness(world.new_symbol(rows=5), 4).to_bytes())
    assert rig.monitor.health()[0] is False


def test_a_promotion_is_followed_within_a_second_and_makes_rows_of_its_own(world, rig):
    symbol = world.new_symbol(rows=5)
    event = world.readiness(symbol, 4).to_bytes()
    rig.process(event)
    world.register("m2", bias=1.0)
    rig.champion.look()  # the second is not over
    assert rig.champion.predictor.version == "m1"
    rig.look()
    assert rig.process(event).predicted == 1
    assert [row["model_version"] for row in world.predictions(symbol)] == ["m1", "m2"]


def test_a_bad_promotion_is_reported_and_the_model_in_use_stays(world, rig):
    world.register("broken")
    world.admin("UPDATE model SET sha256 = REPEAT('0', 64) WHERE version = 'broken'")
    rig.look()
    rig.look()
    assert rig.champion.predictor.version == "m1"
    assert rig.counted("inference_refused_models_total") == 1
    world.admin("UPDATE model SET sha256 = SHA2(onnx, 256) WHERE version = 'broken'")
    rig.look()
    assert rig.champion.predictor.version == "broken"


def test_another_symbol_set_s_champion_is_not_ours(world, rig):
    world.register("others", symbol_set="crypto")
    rig.look()
    assert rig.champion.predictor.version == "m1"


def lambda_event(*values):
    """The event shape of AWS Lambda's Kafka trigger (docs: "Using Lambda with self-managed Apache Kafka")."""
    records = [
        {
            "topic": "predict_timestamp", "partition": 0, "offset": 15 + n, "timestamp": 1545084650987,
            "timestampType": "CREATE_TIME", "key": "RVVSVVNE", "value": value, "headers": [],
        }
        for n, value in enumerate(values)
    ]  # fmt: skip
    return {
        "eventSource": "SelfManagedKafka", "bootstrapServers": "b:9092", "records": {"predict_timestamp-0": records},
    }  # fmt: skip


def encoded(event):
    import base64

    return base64.b64encode(event.to_bytes()).decode()


def test_the_handler_counts_and_writes_what_the_worker_would(world, rig):
    symbol = world.new_symbol(rows=5)
    event = lambda_event(encoded(world.readiness(symbol, 4)), "%%%", None)
    service = Service()
    assert service.handle(event) == {"predicted": 1, "repeated": 0, "refused": {"unreadable": 2}}
    assert service.handle(event) == {"predicted": 0, "repeated": 1, "refused": {"unreadable": 2}}
    assert len(world.predictions(symbol)) == 1


def test_the_handler_survives_a_connection_closed_while_it_was_frozen(world, rig):
    symbol = world.new_symbol(rows=6)
    service = Service()
    service.handle(lambda_event(encoded(world.readiness(symbol, 4))))
    world.kill_worker_connections()
    assert service.handle(lambda_event(encoded(world.readiness(symbol, 5))))["predicted"] == 1


def test_the_handler_raises_when_the_batch_must_come_again(world, rig):
    world.admin("DELETE FROM model")
    with pytest.raises(NoChampion):
        Service().handle(lambda_event(encoded(world.readiness(world.new_symbol(rows=5), 4))))


def test_records_keep_where_they_came_from():
    (record,) = records_of(lambda_event("e30="))
    assert record == Record("predict_timestamp", 0, 15, b"{}")


def test_health_tells_model_and_last_prediction(world, rig):
    symbol = world.new_symbol(rows=5)
    rig.process(world.readiness(symbol, 4).to_bytes())
    healthy, body = rig.monitor.health()
    assert healthy and json.loads(json.dumps(body)) == body
    assert body["model"]["version"] == "m1"
    assert body["last_prediction"]["symbol"] == symbol


def test_health_notices_a_loop_that_hangs():
    now = [0.0]
    monitor = Monitor(clock=lambda: now[0])
    now[0] = 61.0
    assert "stalled" in monitor.health()[1]["faults"]
    monitor.turned()
    assert "stalled" not in monitor.health()[1]["faults"]
