"""Only `instantly_uploader` creates campaigns, adds leads or activates: proved over the whole source."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest

from modules.apollo.apollo_client import ApolloClient
from modules.instantly import instantly_uploader
from modules.instantly.instantly_client import InstantlyClient
from modules.shared.http_client import HttpClient
from tests.contract.one_door import _GUARDED_PATH, complaints, effects_imported
from tests.contract.one_door_rules import ALLOWED, EFFECTS, LAUNCHERS, NETWORK, READING_POSTS, UPLOADER, WRITES

ROOT = Path(__file__).parents[2]
SPECS = Path(os.environ.get("VENDOR_SPECS") or ROOT.parent / "shared" / "specs")
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("modules", "outreach_pipeline")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
LAUNCHER_EFFECTS = {
    module: effects_imported(path.read_text(encoding="utf-8"))
    for module, path in SOURCES.items()
    if module.startswith(LAUNCHERS)
}
STRANGER = "modules.outreach.lead_table"
LAUNCH = "modules.outreach.launch_run"
SWEEP = "modules.outreach.suppression_sweep"
FROM_UPLOADER = f"from {UPLOADER} import"


@pytest.mark.parametrize("module", SOURCES)
def test_no_module_gets_past_the_door(module: str):
    assert complaints(SOURCES[module].read_text(encoding="utf-8"), module, LAUNCHER_EFFECTS) == []


def test_every_exception_is_of_a_module_that_needs_it():
    assert WRITES.keys() <= SOURCES.keys()
    for module, expressions in ALLOWED.items():
        text = SOURCES[module].read_text(encoding="utf-8").replace('"', "'")
        assert [each for each in expressions if each not in text] == []
    for way, modules in NETWORK.items():
        assert [each for each in modules if way not in SOURCES[each].read_text(encoding="utf-8")] == []


def test_the_door_itself_sends_all_that_it_is_allowed_and_the_sweep_nothing_that_is_guarded():
    for module, sent in WRITES.items():
        silent = complaints(SOURCES[module].read_text(encoding="utf-8"), "modules.outreach.nobody")
        assert len([each for each in silent if ".write with" in each]) == len(sent)
    for module, sent in WRITES.items():
        posted = [each.removeprefix("POST ") for each in sent if each.startswith("POST ")]
        assert module == UPLOADER or not [path for path in posted if _GUARDED_PATH.fullmatch(path)]


def test_every_effect_exists_and_needs_a_pause_to_be_checked():
    for name in EFFECTS:
        check = instantly_uploader.__dict__[name].__kwdefaults__ or {}
        assert "check_pause" in instantly_uploader.__dict__[name].__annotations__
        assert "check_pause" not in check, "it has a default, so that somebody may forget it"


def test_the_clients_have_no_other_way_out_than_those_that_are_watched():
    def public(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert public(HttpClient) == {"read", "write", "close"}
    reading = {"get", "get_list", "get_items", "post", "post_items", "requests_made", "part"}
    assert public(InstantlyClient) == reading | {"write"}
    assert "write" not in public(ApolloClient)


def test_the_vendors_document_has_no_other_way_to_people_than_those_that_are_guarded():
    document = SPECS / "instantly-v2.openapi.json"
    if not document.is_file():
        pytest.skip(f"no vendor document {document}; set VENDOR_SPECS")
    paths = orjson.loads(document.read_bytes())["paths"]
    posts = {path.removeprefix("/api/v2") for path, methods in paths.items() if "post" in methods}
    told = {path for path in posts if "lead" in path or "campaign" in path or "subsequence" in path}
    harmless = {
        "/leads/list",
        "/leads/update-interest-status",
        "/leads/bulk-assign",
        "/leads/subsequence/remove",
        "/campaigns/{id}/pause",
        "/campaigns/{id}/share",
        "/campaigns/{id}/export",
        "/campaigns/{id}/variables",
        "/lead-lists",
        "/lead-labels",
        "/lead-labels/ai-reply-label",
        "/supersearch-enrichment/count-leads-from-supersearch",
        "/supersearch-enrichment/preview-leads-from-supersearch",
    }
    # `/campaigns` is also the path of the list, so that its spelling alone says nothing; `WRITES` guards the POST.
    assert [path for path in told - harmless - {"/campaigns"} if not _GUARDED_PATH.fullmatch(path)] == []
    assert not [path for path in harmless | READING_POSTS if _GUARDED_PATH.fullmatch(path)]
    assert posts >= READING_POSTS


WAYS_PAST = {
    "a plain call": 'client.write("POST", path, body)',
    "a call with names": "client.write(method=m, path=p)",
    "a call with one name": "client.write(m, path=p)",
    "a call with unpacked arguments": "client.write(*arguments)",
    "a call with unpacked names": "client.write(**arguments)",
    "an alias": "send = client.write\nsend(m, p)",
    "an alias in an attribute": "self.send = client.write",
    "a walrus": "(send := client.write)(m, p)",
    "a default": "def go(send=client.write): send(m, p)",
    "a list": "[client.write][0](m, p)",
    "an argument": "run(client.write, m, p)",
    "a lambda": "go = lambda: client.write(m, p)",
    "a decorator": "@client.write\ndef go(): pass",
    "functools.partial": "from functools import partial\npartial(client.write, 'POST')('/x')",
    "the class": "InstantlyClient.write(client, m, p)",
    "super": "class A(B):\n    def go(self): super().write(m, p)",
    "a subclass": "class A(InstantlyClient):\n    def go(self, p): return self._read('POST', p)",
    "a subclass by another name": "Base = InstantlyClient\nclass A(Base):\n    def go(self): self._read('POST', p)",
    "a subclass with a connection": "class A(Base):\n    def go(self): self._http.read('POST', p)",
    "a subclass by its module": "class A(instantly_client.InstantlyClient): pass",
    "a constant name": 'getattr(client, "write")(m, p)',
    "a built name": 'getattr(client, "wri" + "te")(m, p)',
    "a name in a variable": "getattr(client, name)(m, p)",
    "getattr by another name": "take = getattr\ntake(client, name)",
    "getattr handed on": "map(getattr, clients, names)",
    "getattr with too little": "getattr(*arguments)",
    "getattr of builtins": "import builtins\nbuiltins.getattr(client, name)",
    "operator.methodcaller": 'import operator\noperator.methodcaller("write", m, p)(client)',
    "methodcaller by import": "from operator import methodcaller as call\ncall(w, m, p)(client)",
    "attrgetter by import": "from operator import attrgetter\nattrgetter(w)(client)",
    "the class's dictionary": 'type(client).__dict__["write"](client, m, p)',
    "vars": 'vars(type(client))["write"](client, m, p)',
    "__getattribute__": 'client.__getattribute__("write")(m, p)',
    "object's __getattribute__": "object.__getattribute__(client, name)(m, p)",
    "a pattern": "match client:\n    case InstantlyClient(write=send): send(m, p)",
    "eval": 'eval("client.wr" "ite")(m, p)',
    "exec": "exec(text)",
    "globals": "globals()[name](client)",
    "__import__": "__import__(name).add_leads(client)",
    "importlib": "import importlib\nimportlib.import_module(name).add_leads(client)",
    "importlib by name": "from importlib import import_module as load\nload(name)",
    "sys.modules": "import sys\nsys.modules[name].add_leads(client)",
    "modules of sys": "from sys import modules",
    "inspect": "from inspect import getattr_static",
    "the reading post": 'client.post("/leads/add", body)',
    "the reading post that creates": 'client.post("/campaigns", body)',
    "the reading post with a variable": "client.post(path, body)",
    "the reading post by pages": 'client.post_items("/leads", body)',
    "the reading post with a built path": 'client.post("/leads" + "/add", body)',
    "the reading post with a changing constant": '_P = "/leads/list"\n_P = other\nclient.post(_P, body)',
    "the reading post with a constant that a pattern changes": (
        '_P = "/leads/list"\nmatch x:\n    case _P: client.post(_P, body)'
    ),
    "the reading post by another name": "ask = client.post",
    "the connection": 'client._http.read("POST", path)',
    "the connection's own": "client._http._send(m, p, None, body)",
    "a connection kept": "self._http = client._http",
    "somebody's reader in a class that has its own": (
        "class A:\n    def _read(self): pass\n    def go(self): client._read('POST', path)"
    ),
    "somebody's reader": 'client._read("POST", path, body=body)',
    "a connection of its own": "from modules.shared.http_client import HttpClient",
    "a connection of its own by its module": "import modules.shared.http_client as web",
    "a connection of its own by the module's name": "from modules.shared import http_client",
    "a connection of its own through a client's module": "instantly_client.HttpClient(service='x')",
    "httpx through another module": "from modules.shared.http_client import httpx",
    "httpx through another module's name": "row_store.httpx.post(url)",
    "httpx": "import httpx\nhttpx.post(url, json=body)",
    "httpx by name": "from httpx import Client",
    "httpx inside": "def go():\n    import httpx as web",
    "httpx where types are not checked": "if TYPE_CHECKING:\n    pass\nelse:\n    import httpx",
    "httpx where types are always checked": "TYPE_CHECKING = True\nif TYPE_CHECKING:\n    import httpx",
    "requests": "import requests",
    "urllib": "import urllib.request",
    "urllib by name": "from urllib import request",
    "urllib's function": "import urllib\nurllib.request.urlopen(url)",
    "http.client": "from http.client import HTTPSConnection",
    "http alone": "import http",
    "a socket": "from socket import create_connection",
    "a stream": "import asyncio\nasyncio.open_connection(host, 443)",
    "another program": "import subprocess",
    "the uploader's function": f"{FROM_UPLOADER} add_leads",
    "the uploader's function by another name": f"{FROM_UPLOADER} look_up, activate as look",
    "the uploader itself": "from modules.instantly import instantly_uploader",
    "the uploader by another name": f"import {UPLOADER} as up",
    "everything of the uploader": f"{FROM_UPLOADER} *",
    "everything of anything": "from modules.outreach.launch_run import *",
    "a re-export": f"from {LAUNCH} import add_leads",
    "a re-exporting module": f"import {LAUNCH}",
    "a re-exporting module by name": "from modules.outreach import launch_run\nlaunch_run.activate(client, i)",
    "a re-exporting module by another name": "from modules.outreach import launch_run as a\nb = a\nb.activate(c, i)",
    "a re-exporting module as an argument": "from modules.outreach import launch_run\ngo(launch_run)",
    "a relative import": "from . import launch_run",
    "a relative name": "from ..instantly.instantly_uploader import add_leads",
    "the path alone": 'PATH = "/leads/add"',
    "the path as a whole address": 'PATH = "https://api.instantly.example/api/v2/leads/add"',
    "the path of a launch": 'path = f"/campaigns/{campaign_id}/activate"',
    "the path of a copy": 'path = f"{base}/campaigns/{campaign_id}/duplicate"',
    "the path of moving people": "PATH = '/leads/move'",
}

BUT_FOR_SOME = {
    "a launch that sends by itself": (LAUNCH, 'client.write("POST", "/leads/add", body)'),
    "a launch that renames": (LAUNCH, f"{FROM_UPLOADER} add_leads as add"),
    "a launch that hands on": (LAUNCH, f"{FROM_UPLOADER} add_leads\nadd = add_leads"),
    "a launch that offers it": (LAUNCH, f"{FROM_UPLOADER} activate\ndef door(): return activate"),
    "a launch that reaches into another one": (LAUNCH, "from modules.outreach import launch_x as x\nf = x.activate"),
    "a launch that takes the module": (LAUNCH, "from modules.instantly import instantly_uploader"),
    "an asset that imports an effect": ("outreach_pipeline.assets.launch_assets", f"{FROM_UPLOADER} activate"),
    "a sweep that adds": (SWEEP, 'client.write("POST", "/leads", body)'),
    "a sweep that deletes everybody": (SWEEP, 'client.write("DELETE", "/leads", body)'),
    "a sweep with a variable path": (SWEEP, 'client.write("DELETE", path)'),
    "a sweep with a variable method": (SWEEP, 'client.write(method, f"/leads/{lead_id}")'),
    "a sweep with a joined path": (SWEEP, 'client.write("DELETE", "/leads/" + lead_id)'),
    "a sweep with a longer path": (SWEEP, 'client.write("DELETE", f"/leads/{lead_id}/{more}")'),
    "a sweep whose constant is another text": (SWEEP, '_L = "/leads"\nclient.write("POST", f"{_L}/bulk-create", b)'),
    "an uploader that sends elsewhere": (UPLOADER, 'def activate(): client.write("POST", "/leads/move", body)'),
    "an uploader with an effect nobody lists": (UPLOADER, 'def put(): client.write("POST", "/leads/add", body)'),
    "an uploader with an effect at import": (UPLOADER, 'client.write("POST", "/leads/add", body)'),
    "an uploader with a way around the pause": (UPLOADER, "def put(): return add_leads(c, check_pause=int)"),
    "a client that hands out more": (
        "modules.instantly.instantly_client",
        'self._http.write("POST", "/leads/add", body=body)',
    ),
    "a client that sends by itself": ("modules.instantly.instantly_client", "self.write(m, p)"),
}

INNOCENT = {
    "a file": "file.write(line)\nsys.stdout.write(text)\nif file.write(line) and file.tell(): pass",
    "reading": 'client.get("/campaigns")\nclient.get_items("/campaigns", {"search": s})\nclient.get(f"/campaigns/{i}")',
    "a reading post": 'client.post_items("/leads/list", {"contacts": c})\nclient.post("/accounts/warmup-analytics", b)',
    "a reading post by a constant": '_P = "/leads/list"\nclient.post_items(_P, body)',
    "an attribute by a harmless name": 'getattr(error, "reason", None)\ngetattr(row, "activate_at")',
    "what it keeps itself": "class A:\n    def _read(self): pass\n    def go(self): return self._read(self.parts)",
    "the uploader's reading functions": f"{FROM_UPLOADER} look_up, find_campaigns, sending_status",
    "a launch's own function": f"from {LAUNCH} import launch",
    "a launch's own function by its module": "from modules.outreach import launch_run\nlaunch_run.launch(client)",
    "types alone": "if TYPE_CHECKING:\n    import httpx",
    "a status": "from http import HTTPStatus",
    "parts of an address": "from urllib.parse import quote",
    "an operator": "from operator import itemgetter",
    "words": '"""It says POST /leads/add, and then activate."""\nTEXT = "Press activate, or duplicate it."',
    "an option": "options.activate\nconfig.add_leads",
}


@pytest.mark.parametrize("way", WAYS_PAST)
def test_each_way_past_the_door_is_seen(way: str):
    assert complaints(WAYS_PAST[way], STRANGER)


@pytest.mark.parametrize("way", BUT_FOR_SOME)
def test_who_may_do_something_may_do_nothing_else(way: str):
    module, source = BUT_FOR_SOME[way]
    assert complaints(source, module)


@pytest.mark.parametrize("way", INNOCENT)
def test_what_is_innocent_passes(way: str):
    assert complaints(INNOCENT[way], STRANGER) == []


def test_a_launch_may_call_what_it_imports():
    calls = "add_leads(client, i, leads, check_pause=p)\nactivate(client, i, check_pause=p)"
    assert complaints(f"{FROM_UPLOADER} activate, add_leads, look_up\n{calls}", LAUNCH) == []


def test_a_launchs_own_function_of_the_same_name_is_no_way_past_the_door():
    sources = [f"from {LAUNCH} import activate", "from modules.outreach import launch_run\nlaunch_run.activate(c)"]
    for source in sources:
        assert complaints(source, STRANGER, {LAUNCH: frozenset()}) == []
        assert complaints(source, STRANGER, {LAUNCH: frozenset({"activate"})})
    assert effects_imported(f"{FROM_UPLOADER} activate, look_up") == {"activate"}


@pytest.mark.parametrize("module", SOURCES)
def test_a_way_past_the_door_is_seen_in_the_middle_of_every_module(module: str):
    source = SOURCES[module].read_text(encoding="utf-8")
    told = complaints(f"{source}\n\ndef _hidden(client):\n    client.write('POST', '/leads/add', {{}})\n", module)
    assert [each for each in told if "write" in each]
