"""Steering a store's day on the page: pause, look, order, go on; and in the end the day without a hand on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import altair as alt
import streamlit as st

from dashboard import jobs, page
from dashboard.amounts import count, seconds, yen
from dashboard.charts.palette import APP, NEUTRAL
from dashboard.jobs import UNDER_WAY, Job
from dashboard.learn import sessions, steering
from dashboard.learn.exercise_view import facilitators_sheet
from dashboard.learn.exercises import SEED
from dashboard.learn.sessions import Session, Steered
from dashboard.learn.steering import AS_IT_IS, CLOSES, OPENS, POLICIES, Hour
from dashboard.words import Words
from sim.steering.pause import Standing

EXERCISE = "steering"
_TILLS = ("-1", "0", "1", "2")
_ORDERS = ("0", "1", "2")
_ADVISING = ("own_judgement", "always", "never")


def draw(mine: Session, say: Words) -> None:
    """The steered day and its facilitator's sheet."""
    page.heading(say("steer.title"))
    doing, facilitating = st.tabs([say("learn.tab_exercise"), say("learn.tab_sheet")])
    with doing:
        _day(mine, say)
    with facilitating:
        facilitators_sheet(EXERCISE, say("steer.title"), say)


def _day(mine: Session, say: Words) -> None:
    steered = mine.steered
    if steered is None or steered.policy not in POLICIES:
        _begin(mine, say)
    elif steering.now(steered) < CLOSES:
        _pause(mine, steered, say)
    else:
        _end(mine, steered, say)


def _begin(mine: Session, say: Words) -> None:
    with st.container(width=760):
        st.markdown(say("steer.situation"))
    with st.form(key="open_store"):
        policy = st.radio(
            say("steer.policy"), POLICIES, key="steer_policy", format_func=lambda name: say(f"steer.policy_{name}")
        )
        if st.form_submit_button(say("steer.open"), type="primary", icon=":material/storefront:"):
            _keep(mine, Steered(policy))


def _pause(mine: Session, steered: Steered, say: Words) -> None:
    hour = steering.now(steered)
    st.progress((hour - OPENS) / (CLOSES - OPENS), text=say("steer.paused", hour=hour, policy=_policy(steered, say)))
    with st.spinner(say("steer.running")):
        ours, theirs = (_standing(steered.policy, hours) for hours in (steered.hours, _untouched(steered)))
    _now(ours, say)
    _so_far(ours, theirs, say)
    _waits(ours, theirs, say)
    _orders(mine, steered, say)


def _now(ours: Standing, say: Words) -> None:
    page.section(say("steer.now"))
    page.cards(
        [
            (say("steer.queueing"), count(ours.queueing), say("steer.tills_open", n=ours.tills)),
            (say("steer.floor"), count(ours.floor_staff), say("steer.talking", n=ours.talking)),
            (say("steer.orders_waiting"), count(ours.orders_waiting), say("steer.app_orders", n=ours.app_orders)),
            (
                say("steer.advised"),
                f"{ours.advised} / {ours.contacts}",
                say("steer.advised_what"),
            ),
        ]
    )


def _so_far(ours: Standing, theirs: Standing, say: Words) -> None:
    page.section(say("steer.so_far"), say("steer.so_far_what"))
    found = []
    for name in ("contribution", "bonus", "lost"):
        mine, base = (getattr(one, f"{name}_yen") for one in (ours, theirs))
        difference = yen(mine - base, say.language, signed=True)
        found.append((say(f"steer.{name}"), yen(mine, say.language), say("steer.against_untouched", value=difference)))
    page.cards(found)


def _waits(ours: Standing, theirs: Standing, say: Words) -> None:
    days = {say("steer.you"): ours, say("steer.untouched"): theirs}
    rows = [
        {
            "hour": f"{hour.hour}:00",
            "day": name,
            "wait": hour.mean_wait_s,
            "text": seconds(hour.mean_wait_s, say.language),
        }
        for name, standing in days.items()
        for hour in standing.hours
        if hour.hour < int(ours.at_s / 3600)
    ]
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("hour:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("day:N", sort=list(days)),
            y=alt.Y("wait:Q", title=say("steer.wait_axis"), axis=alt.Axis(tickCount=4)),
            color=alt.Color(
                "day:N", sort=list(days), legend=alt.Legend(title=None, orient="top"),
                scale=alt.Scale(domain=list(days), range=[APP, NEUTRAL]),
            ),
            tooltip=["day:N", "hour:N", "text:N"],
        )
        .properties(height=200, width="container", usermeta={"embedOptions": {"renderer": "svg", "actions": False}})
    )  # fmt: skip
    longest = max(ours.hours, key=lambda hour: hour.mean_wait_s)
    longest_wait = seconds(longest.mean_wait_s, say.language)
    lines = [
        [f"{a.hour}:00", *(seconds(one.mean_wait_s, say.language) for one in (a, b)), count(a.left), count(b.left)]
        for a, b in zip(ours.hours, theirs.hours, strict=True)
    ]
    head = [say("steer.hour"), say("steer.you"), say("steer.untouched"), say("steer.left"), say("steer.left_untouched")]
    page.figure(
        "steer_waits", chart, say,
        finding=say("steer.waits", hour=longest.hour, wait=longest_wait),
        definition=say("steer.waits_what"),
        basis=say("figure.basis", days=1, replications=1, seed=SEED),
        head=head, rows=lines,
    )  # fmt: skip


def _orders(mine: Session, steered: Steered, say: Words) -> None:
    hour = steering.now(steered)
    last = steered.hours[-1] if steered.hours else AS_IT_IS
    page.section(say("steer.orders_for", hour=hour, until=hour + 1), say("steer.orders_for_what"))
    with st.form(key=f"orders_{hour}"):
        tills = _choice("tills", _TILLS, str(last[0]), hour, say)
        orders = _choice("orders", _ORDERS, str(last[1]), hour, say)
        advising = _choice("advising", _ADVISING, last[2], hour, say)
        with st.container(horizontal=True):
            one = st.form_submit_button(
                say("steer.go_on", hour=hour + 1), type="primary", icon=":material/play_arrow:", key=f"go_on_{hour}"
            )
            rest = st.form_submit_button(say("steer.to_the_end"), icon=":material/fast_forward:", key=f"rest_{hour}")
    if one or rest:
        chosen: Hour = (int(tills), int(orders), advising)
        hours = 1 if one else CLOSES - hour
        _keep(mine, replace(steered, hours=(*steered.hours, *[chosen] * hours)))
    with st.container(horizontal=True):
        if steered.hours and st.button(say("steer.back"), key="steer_back", icon=":material/undo:", type="tertiary"):
            _keep(mine, replace(steered, hours=steered.hours[:-1]))
        if st.button(say("steer.restart"), key="steer_restart", icon=":material/replay:", type="tertiary"):
            _keep(mine, None)


def _choice(name: str, options: Sequence[str], last: str, hour: int, say: Words) -> str:
    return st.radio(
        say(f"steer.{name}"), options, index=list(options).index(last) if last in options else 0, horizontal=True,
        key=f"steer_{name}_{hour}",
        format_func=lambda option: say(f"steer.{name}_{_plain(option)}"),
    )  # fmt: skip


def _plain(option: str) -> str:
    return option.replace("-", "minus_")


def _end(mine: Session, steered: Steered, say: Words) -> None:
    st.progress(1.0, text=say("steer.closed", policy=_policy(steered, say)))
    if steered.contribution_yen is None or steered.bonus_yen is None:
        _settle(mine, steered, say)
        return
    page.section(say("steer.result"), say("steer.result_what"))
    contribution, bonus = (yen(v, say.language, signed=True) for v in (steered.contribution_yen, steered.bonus_yen))
    page.cards([(say("steer.contribution"), contribution, ""), (say("steer.bonus"), bonus, "")])
    st.markdown(f"**{say(f'steer.verdict_{_verdict(steered)}')}**")
    _others(mine, steered, say)
    runs = {"a": steering.run_name(steered.policy, ()), "b": steering.run_name(steered.policy, steered.hours)}
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(say("steer.restart"), key="steer_restart", icon=":material/replay:"):
            _keep(mine, None)
        if runs["a"] != runs["b"]:
            page.link("ledgers", say("learn.to_ledgers"), say, **runs)


def _settle(mine: Session, steered: Steered, say: Words) -> None:
    """Run both days to the end, parcels and returns included, as any other world is run."""
    root = page.root()
    names = [steering.run_name(steered.policy, hours) for hours in ((), steered.hours)]
    if all((root / name / "manifest.json").is_file() for name in names):
        base, ours = (steering.result(root / name) for name in names)
        found = replace(steered, contribution_yen=ours[0] - base[0], bonus_yen=ours[1] - base[1])
        _keep(mine, found)
    job = _job(names)
    if job is None or jobs.state(root, job) not in UNDER_WAY:
        if job is not None:
            st.code(jobs.output(root, job) or "–", language=None, wrap_lines=True)
        if job is None or st.button(say("jobs.again"), key="steer_settle_again"):
            if job is not None:
                jobs.dismiss(root, job)
            arguments = steering.command(steered.policy, steered.hours, root)
            shows = {"page": "learn", "exercise": EXERCISE}
            jobs.start(root, [arguments], say("steer.title"), tuple(dict.fromkeys(names)), shows)
            st.rerun()
        return
    _settling(names, say)


@st.fragment(run_every=1.0)
def _settling(names: list[str], say: Words) -> None:
    job = _job(names)
    if job is None or jobs.state(page.root(), job) not in UNDER_WAY:
        st.rerun()
    days = jobs.progress(page.root(), job)
    st.progress(min(days[0] / max(days[1], 1), 1.0) if days else 0.0, text=say("steer.settling"))


def _job(names: Sequence[str]) -> Job | None:
    wanted = tuple(dict.fromkeys(names))
    return next((job for job in jobs.jobs(page.root()) if job.runs == wanted), None)


def _others(mine: Session, steered: Steered, say: Words) -> None:
    found = [one for one in sessions.sessions(page.root()) if one.steered and one.steered.policy == steered.policy]
    done = [one for one in found if one.steered and one.steered.contribution_yen is not None]
    page.section(say("steer.others"), say("steer.others_what"))
    ranked = sorted(done, key=lambda one: -_gain(one))
    rows = []
    for one in ranked:
        name = one.name or one.id[:4]
        kept = one.steered
        bonus = 0.0 if kept is None or kept.bonus_yen is None else kept.bonus_yen
        amounts = [yen(value, say.language, signed=True) for value in (_gain(one), bonus)]
        rows.append([say("learn.yours", option=name) if one.id == mine.id else name, *amounts])
    page.table([say("learn.group"), say("steer.contribution"), say("steer.bonus")], rows)


def _gain(one: Session) -> float:
    return one.steered.contribution_yen or 0.0 if one.steered else 0.0


def _verdict(steered: Steered) -> str:
    company, own = (steered.contribution_yen or 0.0) > 0, (steered.bonus_yen or 0.0) > 0
    return {(True, True): "both", (True, False): "company", (False, True): "own", (False, False): "none"}[company, own]


def _untouched(steered: Steered) -> tuple[Hour, ...]:
    return (AS_IT_IS,) * len(steered.hours)


@st.cache_data(show_spinner=False, max_entries=200)
def _standing(policy: str, hours: tuple[Hour, ...]) -> Standing:
    return steering.standing(policy, hours)


def _policy(steered: Steered, say: Words) -> str:
    return say(f"steer.policy_{steered.policy}")


def _keep(mine: Session, steered: Steered | None) -> None:
    sessions.keep(page.root(), replace(mine, steered=steered))
    st.rerun()
