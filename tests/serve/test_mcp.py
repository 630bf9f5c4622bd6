"""The server for assistants, asked over stdio by the protocol's own client."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from castlist.store import Workspace

pytest.importorskip("mcp")


@pytest.fixture
def place(two_people, tmp_path) -> Path:
    shutil.copytree(two_people, tmp_path / "here")
    return tmp_path / "here" / "film.castlist"


def asked(
    place: Path, *calls: tuple[str, dict[str, Any]], write: bool = False
) -> tuple[list[Any], list[Any]]:
    """The tools that are offered, and the result of each call, of one server."""
    from mcp import Client, StdioServerParameters, stdio_client

    async def talk() -> tuple[list[Any], list[Any]]:
        arguments = ["-m", "castlist", "mcp", str(place), *(["--write"] if write else [])]
        process = stdio_client(
            StdioServerParameters(command=sys.executable, args=arguments, env={**os.environ})
        )
        async with Client(process) as client:
            tools = (await client.list_tools()).tools
            return tools, [await client.call_tool(name, given) for name, given in calls]

    with ThreadPoolExecutor(1) as apart:  # another test of this process may have a loop of its own
        return apart.submit(lambda: asyncio.run(talk())).result()


def value(result: Any) -> Any:
    """What a tool returned, from its structured content or its text."""
    assert not result.is_error, result.content
    if result.structured_content is not None:
        return result.structured_content.get("result", result.structured_content)
    return json.loads(result.content[0].text)


def test_who_appears_when_and_with_whom(place) -> None:
    with Workspace.open(place, write=False) as keep:
        cast = keep.cast()
    one, two = (p.name for p in cast)
    tools, results = asked(
        place, ("film", {}), ("people", {}), ("appearances", {"person": one.upper()}),
        ("at", {"seconds": 0.3}), ("together", {"a": one, "b": two}),
        ("search", {"name": "person", "start": 1.0}), ("face", {"person": one}),
        ("appearances", {"person": "Zoe"}), ("explain", {"a": one, "b": two}),
    )  # fmt: skip
    assert {t.name for t in tools} == {
        "film", "people", "appearances", "at", "together", "search", "explain", "proposals", "face",
    }  # fmt: skip
    assert all(t.annotations.read_only_hint for t in tools)
    film, people, stays, at, together, search, face, nobody, why = results
    assert value(film)["people"] == 2
    assert [p["name"] for p in value(people)] == [one, two]
    assert value(stays)[0]["start"] == float(cast[0].appearances[0].start)
    assert set(value(at)) == {one, two}
    assert 0.5 < value(together)["seconds"] < 0.9
    assert [p["name"] for p in value(search)] == [one]
    assert base64.b64decode(face.content[0].data).startswith(b"\xff\xd8\xff")
    assert nobody.is_error
    assert "nobody is called 'Zoe'" in nobody.content[0].text
    assert len(value(why)) > 1


def test_decisions_only_where_they_are_allowed(place) -> None:
    with Workspace.open(place, write=False) as keep:
        one, two = (p.name for p in keep.cast())
    _, (refused,) = asked(place, ("rename", {"person": one, "name": "Anna"}))
    assert refused.is_error
    tools, results = asked(
        place, ("rename", {"person": one, "name": "Anna"}), ("merge", {"a": "Anna", "b": two}),
        ("people", {}), ("undo", {}), write=True,
    )  # fmt: skip
    assert {"rename", "merge", "undo"} <= {t.name for t in tools}
    renamed, merged, people, undone = (value(r) for r in results)
    assert [p["name"] for p in renamed] == ["Anna", two]
    assert merged == people
    assert [p["name"] for p in people] == ["Anna"]
    assert [p["name"] for p in undone] == ["Anna", two]
    with Workspace.open(place, write=False) as keep:
        assert {d.author for d in keep.decisions.all()} == {"mcp"}


def test_proposed_names_are_read_and_answered_only_where_it_is_allowed(place, tmp_path) -> None:
    import castlist

    (tmp_path / "names.csv").write_text("person,in,out\nAnna,0.8,1.4\n")
    (row,) = castlist.propose(place, tmp_path / "names.csv")
    ask = ("proposals", {})
    _, (listed, refused) = asked(place, ask, ("accept", {"proposal": row["id"]}))
    (told,) = value(listed)
    assert (told["name"], told["from"], told["id"]) == ("Anna", "names.csv", row["id"])
    assert refused.is_error
    answer = {"proposal": row["id"]}
    tools, results = asked(
        place, ("accept", answer), ask, ("undo", {}), ("reject", answer), ("accept", answer), write=True
    )
    assert {"accept", "reject"} <= {t.name for t in tools}
    assert told["person"] not in [p["name"] for p in value(results[0])]
    assert [value(r) for r in (results[1], results[3])] == [[], []]
    assert "no open proposal" in results[4].content[0].text


def test_a_folder_that_is_no_workspace_is_one_sentence(tmp_path, capsys) -> None:
    from castlist.cli import run

    assert run(["mcp", str(tmp_path)]) == 2
    assert capsys.readouterr().out == ""


def test_an_argument_that_a_tool_does_not_take_is_refused_in_one_sentence(place) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("people", {"backgroud": True}), ("undo", {"decision": 0}), ("appearances", {"person": 5}),
        ("at", {"seconds": "nan"}), ("search", {"query": "Anna"}), ("appearances", {"person": "Zoe"}),
    ]  # fmt: skip
    _, results = asked(place, *calls, write=True)
    texts = [result.content[0].text for result in results]
    assert all(result.is_error for result in results)
    assert texts[0] == "people does not take backgroud; it takes background"
    assert texts[1] == "undo does not take decision; undo takes no arguments"
    assert texts[2].startswith("appearances cannot use these arguments: person: ")
    assert texts[3].startswith("a time is a number of seconds")
    assert texts[4] == "search does not take query; it takes name, start, stop"
    assert texts[5].startswith("nobody is called 'Zoe' here")
    assert not any("pydantic" in text or "\n" in text for text in texts)


def test_an_error_does_not_repeat_a_long_text(place) -> None:
    long = "x" * 200_000
    calls: list[tuple[str, dict[str, Any]]] = [
        ("appearances", {"person": long}), ("rename", {"person": long, "name": "Anna"}),
        ("people", {long: True}), ("at", {"seconds": long}), ("together", {"a": long, "b": long}),
    ]  # fmt: skip
    _, results = asked(place, *calls, write=True)
    assert [result.is_error for result in results] == [True] * len(calls)
    assert [r.content[0].text[:90] for r in results if len(r.content[0].text) > 1000] == []


def test_a_name_that_somebody_has_makes_nobody_one_person(place) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("rename", {"person": "p1", "name": "Anna"}), ("rename", {"person": "p2", "name": " ANNA "}),
        ("people", {}), ("rename", {"person": "p1", "name": "ANNA"}),
    ]  # fmt: skip
    _, (_, refused, people, again) = asked(place, *calls, write=True)
    assert refused.content[0].text == (
        "p1 is called Anna already; merge p1 and p2 if they are one person, or give another name"
    )
    assert [(p["id"], p["name"]) for p in value(people)] == [("p1", "Anna"), ("p2", "Person 2")]
    assert value(again)[0]["name"] == "ANNA"
