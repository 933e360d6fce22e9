"""The TOML file of a target: which requests carry out each action of a trace, and what the answers mean."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

SCHEMA: Final = "omo.target/1"

Action = Literal[
    "product", "availability", "scan", "reserve", "order", "payment_code", "pay", "poll", "ready", "collect", "ship",
    "cancel", "refund",
]  # fmt: skip
Client = Literal["till", "app", "back_office"]
Book = Literal["stock", "orders", "lines", "payments", "refunds"]
Placeholder = Literal["sku", "location", "shopper", "channel", "fulfilment", "brand"]
Status = Annotated[int, Field(ge=100, le=599)] | Annotated[str, Field(pattern=r"^[1-5]xx$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Table):
    """An answer fits when its status is one of `status` and all of `when` hold."""

    status: list[Status] = Field(default_factory=list, description="200, or 4xx for a class; empty: any")
    when: list[str] = Field(
        default_factory=list,
        description="`data.id present`, `errors absent`, `state = PAID`, `code in A,B`, `n < 1`",
    )


class From(_Table):
    """A captured value of which only a part is wanted."""

    source: str = Field(description="path into the JSON answer, `header:Name` or `cookie:name`")
    match: str = Field(description="regular expression with one group: the part that is kept")


class Request(_Table):
    """One HTTP request. Text may hold placeholders in braces; a value that is one placeholder keeps its type."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = Field(
        None, description="POST with a body, else GET"
    )
    path: str = Field(min_length=1, description="behind the base URL; values in it are quoted")
    client: Client | None = Field(None, description="whose [auth] it uses; the step's own where not given")
    headers: dict[str, str] = Field(default_factory=dict)
    json_body: Any = Field(None, alias="json", description='any TOML; {each = "lines", item = {...}} repeats per line')
    form: dict[str, str] | None = None
    graphql: str | None = Field(None, description="query text, sent as it is; placeholders belong in `variables`")
    variables: dict[str, Any] = Field(default_factory=dict)
    for_each: Literal["lines"] | None = Field(None, description="send it once per line of the basket")
    capture: dict[str, str | From] = Field(default_factory=dict, description="name -> where in the answer")
    ok: Rule | None = Field(None, description="done; default: status 2xx, and for GraphQL `errors absent`")
    rejected: Rule | None = Field(None, description="refused without effect; beside it, any other 4xx is")
    busy: Rule | None = Field(None, description="no effect, ask again; default: status 429 and 503")
    pending: Rule | None = Field(None, description="pay and poll: taken, and not settled yet")
    detail: str | None = Field(None, description="path of the reason in an answer, for the history")
    retry: bool | None = Field(
        None, description="may be sent again when nobody answered; default: GET, or where it has {idempotency_key}"
    )

    @model_validator(mode="after")
    def _one_body(self) -> Request:
        bodies = [self.json_body is not None, self.form is not None, self.graphql is not None]
        if sum(bodies) > 1:
            raise ValueError("give one of json, form and graphql")
        return self


class Skip(_Table):
    """An action that the system has not."""

    skip: str = Field(min_length=1, description="why, as the history and the check tell it")


def _form_of(value: Any) -> str:
    if isinstance(value, (Skip, Request)):
        return "skip" if isinstance(value, Skip) else "one"
    if isinstance(value, dict) and "skip" in value:
        return "skip"
    return (
        "several"
        if isinstance(value, dict)
        and value
        and all(isinstance(v, dict | Request) for v in value.values())
        and not (value.keys() & {"path"})
        else "one"
    )


Doing = Annotated[
    Annotated[Request, Tag("one")] | Annotated[Skip, Tag("skip")] | Annotated[dict[str, Request], Tag("several")],
    Discriminator(_form_of),
]
"""One request, several with names in the order of writing, or none."""


class Auth(_Table):
    """How a client shows who it is. Secrets are named by environment variable, never written here."""

    kind: Literal["none", "bearer", "basic", "api_key"] = "none"
    env: str | None = Field(None, description="environment variable with the token, the key, or user:password")
    header: str = Field("X-API-Key", description="api_key: its header")

    @model_validator(mode="after")
    def _named(self) -> Auth:
        if self.kind != "none" and not self.env:
            raise ValueError(f'kind "{self.kind}" needs env = "NAME_OF_THE_VARIABLE"')
        return self


class Journey(_Table):
    """What a journey does beside its steps."""

    cookies: bool = Field(False, description="each journey keeps the cookies it is given, as a browser does")
    paid_by_order: bool = Field(False, description="an order that is taken is paid: there is no pay action")
    poll_every_s: float = Field(1.0, gt=0)
    polls: int = Field(5, ge=0, le=100)
    cancel_unpaid: bool = Field(True, description="cancel an order whose payment was refused for good")
    login: dict[str, Request] = Field(default_factory=dict, description="requests before the first step, with names")


class Seed(_Table):
    """How the trace's products and stock get into the system: a command, or requests."""

    command: list[str] | None = Field(
        None,
        min_length=1,
        description="gets {products, stock} as JSON on standard input, OMO_TARGET_URL in its environment",
    )
    directory: str = Field(".", description="where the command runs, relative to this file")
    timeout_s: float = Field(300.0, gt=0)
    products: dict[str, Request] = Field(default_factory=dict, description="once per product: {sku} {name} {price_yen}")
    stock: dict[str, Request] = Field(default_factory=dict, description="once per place and product: {on_hand} besides")


class Read(_Table):
    """A request of the read-back, page by page."""

    path: str = Field(min_length=1)
    client: Client = "back_office"
    headers: dict[str, str] = Field(default_factory=dict)
    graphql: str | None = None
    for_each: str | None = Field(None, description="name of an earlier read: once per row of it, with its fields")
    rows: str = Field("", description="path of the list in the answer; `results[].lines` goes through a list")
    next: str | None = Field(None, description="path of the next page's address in the answer")


class Mapped(_Table):
    """A column whose codes are others than ours."""

    source: str
    codes: dict[str, str | int | bool] = Field(default_factory=dict, description="theirs -> ours; `*` is any other")
    match: str | None = Field(None, description="regular expression with one group: the part that is kept")
    ids: str | None = Field(
        None, description="name of ids captured in seeding: gives the SKU that the value belongs to"
    )


class BookOf(_Table):
    """One of the audit's books from the rows of a read."""

    source: str = Field(alias="from", description="name of a read")
    rows: str = Field("", description="path from each row to a list of the rows that are wanted")
    where: list[str] = Field(default_factory=list, description="only rows for which all of these hold")
    columns: dict[str, str | int | bool | Mapped] = Field(
        description="column -> path in the row (`^` first: in the row above it), a number, or `=text` for a fixed text"
    )


class Adapter(_Table):
    """A target file."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="omo.target/1")

    format: Literal["omo.target/1"] = Field(alias="schema")
    name: str = Field(min_length=1)
    base_url: str = Field("", pattern=r"^(https?://\S+)?$", description="--base-url comes first")
    single_location: str | None = Field(
        None, description="the system has one stock: all places of the trace are this one"
    )
    headers: dict[str, str] = Field(default_factory=dict, description="of every request; no placeholders")
    auth: dict[Literal["default", "till", "app", "back_office"], Auth] = Field(default_factory=dict)
    codes: dict[Placeholder, dict[str, str]] = Field(
        default_factory=dict, description="the trace's codes -> the system's, by placeholder"
    )
    values: dict[str, str] = Field(default_factory=dict, description="further placeholders with a fixed text")
    journey: Journey = Field(default_factory=Journey)
    actions: dict[Action, Doing]
    seed: Seed | None = None
    read_back: dict[str, Read] = Field(default_factory=dict)
    books: dict[Book, BookOf] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _order_first(self) -> Adapter:
        if "order" not in self.actions or isinstance(self.actions["order"], Skip):
            raise ValueError("actions.order is required: without orders nothing can be sold")
        return self
