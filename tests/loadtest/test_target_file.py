"""Target files: problems with their place, templates filled in, answers judged, values found."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loadtest.api import Reply
from loadtest.journey import run_journey
from loadtest.script import Line, Step
from loadtest.targets.adapter import http_target, read_adapter
from loadtest.targets.answers import condition, number_of, whole
from loadtest.targets.compiled import compile_request
from loadtest.targets.read_back import below, column_of
from loadtest.targets.schema import Adapter, Mapped, Request, Rule
from loadtest.targets.template import json_of, relative, text_of
from scenarios.errors import DataInvalid, UsageError

ROOT = Path(__file__).parents[2]
MINIMAL = """schema = "omo.target/1"
name = "shop"
[actions.order]
path = "/orders"
json = { sku = "{sku}" }
capture = { order = "id" }
"""


def problems(text: str, folder: Path) -> list[str]:
    path = folder / "shop.toml"
    path.write_text(text)
    with pytest.raises(DataInvalid) as caught:
        read_adapter(path)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


@pytest.mark.parametrize("path", ["loadtest/targets/template.toml", "examples/django_oscar/oscar.toml"])
def test_files_that_ship_are_valid_also_by_the_schema_for_editors(path: str) -> None:
    adapter = read_adapter(ROOT / path)
    assert adapter.actions
    jsonschema.validate(tomllib.loads((ROOT / path).read_text()), Adapter.model_json_schema(by_alias=True))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("jsn = 1", "shop.toml:7: actions.order.jsn: no such key (did you mean json?)"),
        ('headers = { A = "{skuu}" }', "shop.toml:7: actions.order.headers: {skuu} is no placeholder"),
        ('ok = { when = ["hmm"] }', "shop.toml:7: actions.order.ok: 'hmm' is no condition"),
        ('form = { a = "b" }', "shop.toml:3: actions.order: give one of json, form and graphql"),
        ('[actions.sell]\npath = "/"', "shop.toml:7: actions.sell: no such action"),
        ('[actions.pay]\nskip = ""', "shop.toml:8: actions.pay.skip:"),
        ('[auth.till]\nkind = "bearer"', 'shop.toml:7: auth.till: kind "bearer" needs env'),
        ('[books.orders]\nfrom = "order"\ncolumns = { id = "id" }', "shop.toml:8: books.orders.from: 'order' is no"),
        ("oops", "shop.toml:7: not TOML"),
    ],
)
def test_problem_is_told_with_its_line_and_key(line: str, told: str, tmp_path: Path) -> None:
    found = problems(MINIMAL + line, tmp_path)
    assert any(problem.startswith(told) for problem in found), found


def test_target_without_orders_and_missing_secret_are_refused(tmp_path: Path) -> None:
    assert "actions.order is required" in problems('schema = "omo.target/1"\nname = "x"\n[actions]', tmp_path)[0]
    path = tmp_path / "shop.toml"
    path.write_text(MINIMAL + '[auth.till]\nkind = "bearer"\nenv = "OMO_TEST_NO_SUCH_VARIABLE"')
    with pytest.raises(UsageError, match="OMO_TEST_NO_SUCH_VARIABLE"):
        http_target(read_adapter(path), "http://127.0.0.1").heads()


def test_json_template_keeps_types_and_repeats_a_part_for_each_line() -> None:
    template = {"n": "{quantity}", "text": "x{quantity}", "none": "{coupon|}", "braces": "{{a}}", "fixed": [1, True]}
    scope = {"quantity": 3, "lines": [{"sku": 1, "quantity": 3}, {"sku": 2, "quantity": 4}]}
    assert json_of(template)(scope) == {"n": 3, "text": "x3", "none": None, "braces": "{a}", "fixed": [1, True]}
    lines = json_of({"items": {"each": "lines", "item": {"id": "{sku}", "n": "{quantity}"}}})(scope)
    assert lines == {"items": [{"id": 1, "n": 3}, {"id": 2, "n": 4}]}
    assert text_of("{a}-{b|none}")({"a": 1}) == "1-none"
    assert relative("http://host:1/shop/orders/7?x=1", "http://host:1/shop") == "/orders/7?x=1"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("data.id present", True), ("errors absent", True), ("data.list absent", True), ("state = PAID", True),
        ("state != PAID", False), ("state in NEW,PAID", True), ("left < 0", False), ("left >= 0", True),
        ("data.lines.1.id = 9", True), ("flag = true", True), ("nothing < 5", False),
    ],
)  # fmt: skip
def test_conditions_on_an_answer(text: str, holds: bool) -> None:
    document = {
        "data": {"id": 5, "list": [], "lines": [{"id": 8}, {"id": 9}]},
        "errors": None,
        "state": "PAID",
        "left": 0,
        "flag": True,
    }
    assert condition(text)(document) is holds


def judged(request: Request, status: int, document: Any) -> str:
    return compile_request("", request, "").judge(Reply(status, json.dumps(document).encode())).fate


def test_statuses_mean_the_usual_unless_a_rule_says_otherwise() -> None:
    plain = Request(path="/")
    fates = {status: judged(plain, status, {}) for status in (200, 302, 404, 429, 500, 503)}
    assert fates == {200: "ok", 302: "unknown", 404: "rejected", 429: "busy", 500: "unknown", 503: "busy"}
    own = Request(path="/", rejected=Rule(when=["error present"]), pending=Rule(status=[202]))
    assert [judged(own, 200, {"error": "no"}), judged(own, 200, {}), judged(own, 202, {})] == [
        "rejected",
        "ok",
        "pending",
    ]
    assert judged(own, 404, {}) == "rejected"


def test_graphql_is_posted_with_variables_and_refused_where_it_has_errors() -> None:
    query = "mutation ($id: ID!) { checkout(id: $id) { order { id } } }"
    request = Request(
        path="/graphql", graphql=query, variables={"id": "{sku}"}, capture={"order": "data.checkout.order.id"}
    )
    compiled = compile_request("", request, "")
    sent = compiled.render({"sku": 4}, {}, "key")
    assert (sent.method, json.loads(sent.body)) == ("POST", {"query": query, "variables": {"id": 4}})
    assert judged(request, 200, {"errors": [{"message": "sold out"}]}) == "rejected"
    done = compiled.judge(Reply(200, b'{"data": {"checkout": {"order": {"id": "T3JkZXI6MQ=="}}}}'))
    assert (done.fate, done.captured) == ("ok", {"order": "T3JkZXI6MQ=="})
    assert not compiled.again


def test_only_reads_and_requests_with_an_idempotency_key_are_repeated() -> None:
    keyed = Request(path="/", headers={"Idempotency-Key": "{idempotency_key}"}, json={"a": 1})
    assert [compile_request("", r, "").again for r in (Request(path="/"), keyed, Request(path="/", json={}))] == [
        True,
        True,
        False,
    ]


def test_values_for_headers_and_paths_cannot_break_out_of_them() -> None:
    request = Request(path="/p/{location}", headers={"X-Place": "{location}"})
    sent = compile_request("", request, "").render({"location": "駅/a\r\nX-Evil: 1"}, {}, "")
    assert sent.path == "/p/%E9%A7%85%2Fa%0D%0AX-Evil%3A%201"
    assert sent.head.count("\r\n") == 1


def test_ids_and_amounts_become_numbers_of_the_books() -> None:
    assert [number_of(value) for value in (17, "100001", None)] == [17, 100001, None]
    assert number_of("T3JkZXI6MQ==") == number_of("T3JkZXI6MQ==") != number_of("T3JkZXI6Mg==")
    assert [whole(value) for value in ("1200.00", 99.5, 3, "abc", None)] == [1200, 100, 3, None, None]


def test_rows_inside_rows_are_reached_and_look_back_up() -> None:
    document = {"orders": [{"id": 1, "lines": [{"sku": 5}, {"sku": 6}]}, {"id": 2, "lines": []}]}
    rows = list(below((document,), "orders[].lines"))
    sku = column_of("lines", "sku", "sku", {})
    order = column_of("lines", "order_id", "^id", {})
    assert [(order(row), sku(row)) for row in rows] == [(1, 5), (1, 6)]
    ours = column_of("lines", "sku", Mapped(source="sku", ids="product"), {"product": {70: 5, 80: 6}})
    state = column_of("lines", "state", Mapped(source="^id", codes={"1": "sold", "*": "held"}), {})
    assert [(ours(row), state(row)) for row in rows] == [(70, "sold"), (80, "sold")]


def test_step_whose_ids_were_never_answered_is_skipped_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(MINIMAL + '[actions.scan]\npath = "/orders/{order}/{sku}"\n')
    target = http_target(read_adapter(path), "http://127.0.0.1")
    step = Step(1, 0, 0, 0.0, "scan", "app", "mall", 1, (Line(1, 1, 100),), 100, "app", "carry", "card")
    skipped: list[str] = []
    run_journey("run", [step], lambda _: pytest.fail("sent"), lambda _, why: skipped.append(why), target)
    assert skipped == ["no order was answered"]
