"""Film -> cast: scan, identify, apply the decisions, publish; and why two tracks are one person.

The functions are exported here under the names of their modules, so `from castlist.pipeline import find`
gives the function; a module's other names are imported from the module, as in
`from castlist.pipeline.identify import Found`.
"""

from __future__ import annotations

from castlist.pipeline.explain import explain
from castlist.pipeline.find import find
from castlist.pipeline.identify import identify
from castlist.pipeline.scan import scan

__all__ = ["explain", "find", "identify", "scan"]
