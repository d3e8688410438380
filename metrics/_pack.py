"""Evidence packs: one ZIP file with all that proves what was decided about a case, a rule or a period."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from data.audit import Head
from data.event import moment
from metrics._contract import Read
from metrics._pack_facts import Pack, PackWish, gather
from metrics._pack_files import events_csv, ocel_json, rules_yaml, stamp, verdicts_csv
from metrics._pack_pdf import pdf

_ABOUT = {
    "evidence.pdf": "what was asked, the rules, each finding with its two events and its history, the timelines",
    "events.csv": "every event of every case, with where its record comes from",
    "events.ocel.json": "the same events with all their objects and attributes, as an OCEL 2.0 log",
    "rules.yaml": "the rules as they stood",
    "verdicts.csv": "every verdict, and every one that was believed before it",
}


def evidence_pack(read: Read, wish: PackWish, now_t: int, record: Callable[[Pack], Head]) -> bytes:
    """The pack as a ZIP file.

    `read` has an officer's scope. `record` writes down in the audit trail that the pack is made, before anything is
    handed out, and returns the head of the trail, which the pack names. FixSettings when there is nothing to tell or
    too much for one pack.
    """
    pack = gather(read, wish, now_t)
    head = record(pack)
    files = {"events.csv": events_csv(pack), "rules.yaml": rules_yaml(pack), "verdicts.csv": verdicts_csv(pack)}
    with TemporaryDirectory() as folder:
        files["events.ocel.json"] = ocel_json(read, pack, Path(folder))
    described = {name: (sha256(files[name]).hexdigest(), _ABOUT[name]) for name in sorted(files)}
    files["evidence.pdf"] = pdf(pack, head, described)
    files["manifest.json"] = _manifest(pack, head, files)
    return _zipped(files, now_t)


def file_name(wish: PackWish, now_t: int) -> str:
    """A name for the pack, without anything personal."""
    about = re.sub(r"[^A-Za-z0-9-]+", "-", wish.rule) or ("case" if wish.objs else "period")
    return f"evidence-{about}-{moment(now_t):%Y%m%d-%H%M%S}.zip"


def _manifest(pack: Pack, head: Head, files: Mapping[str, bytes]) -> bytes:
    wish = pack.wish
    told: dict[str, Any] = {
        "made_utc": stamp(pack.now_t),
        "asked_by": {"login": wish.asked_by, "role": wish.role},
        "about": {"cases": [f"{one.otype} {one.id}" for one in pack.labels.values()] if wish.objs else "all that fit",
                  "rule": wish.rule or "all", "activations_from_utc": stamp(wish.since_t) if wish.since_t else "",
                  "activations_before_utc": "" if wish.until_t >= 1 << 61 else stamp(wish.until_t)},
        "cases": len(pack.labels), "cases_with_events": len(pack.courses), "findings": len(pack.findings),
        "cases_with_names": len(pack.named),
        "audit_head": {"n": head.n, "sha256": head.hash},
        "files": [{"name": name, "bytes": len(data), "sha256": sha256(data).hexdigest(), "holds": _ABOUT[name]}
                  for name, data in sorted(files.items())],
    }
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


def _zipped(files: Mapping[str, bytes], now_t: int) -> bytes:
    whole = io.BytesIO()
    at = moment(now_t).timetuple()[:6]
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files, key=lambda name: (name != "evidence.pdf", name)):
            entry = zipfile.ZipInfo(name, at)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return whole.getvalue()


__all__ = ["Pack", "PackWish", "evidence_pack", "file_name"]
