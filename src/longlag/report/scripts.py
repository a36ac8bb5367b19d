"""Scripts inside a page: what may stand there, the JSON that they read, and a policy that lets the browser run these
scripts alone and fetch nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any


def inline(script: str) -> str:
    """The script, if it can stand in a page.

    Raises:
        ValueError: it holds what ends a script element.
    """
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("a script that holds </script or <!-- cannot stand in a page")
    return script


def policy(*scripts: str) -> str:
    """A content security policy: nothing is fetched, images are data, and only these inline scripts run."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes) or "'none'"
    rules = ["default-src 'none'", "img-src data:", "style-src 'unsafe-inline'", f"script-src {allowed}"]
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'"])


def to_json(value: Any) -> str:
    """JSON for the inside of a script element: no sign of it can end the element or begin another."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
