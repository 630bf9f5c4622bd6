"""Copies of films that browsers can play: small, with the film's own times, made once for each film.

proxy = Proxy(video, opened)      # opened() gives the open file of the film
proxy.want("mp4")                 # begins, in a separate process
proxy.state()                     # the progress; then proxy.file()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.proxy.maker import KINDS, Proxy, ProxyStage, ProxyState

__all__ = ["KINDS", "Proxy", "ProxyStage", "ProxyState"]

if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, State="ProxyState")
