"""A SCORM 1.2 package: the quiz page, with a script that tells the learning management system score and status.

The page must hold the key, because it marks itself: a learner who reads its source can find it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

from nephrosyn.cases import fragment
from nephrosyn.cases.model import CaseSet, UnitSystem
from nephrosyn.cases.packing import packed

_PAGE = "index.html"
_MANIFEST = "imsmanifest.xml"
_NAMESPACES = {
    "xmlns": "http://www.imsproject.org/xsd/imscp_rootv1p1p2",
    "xmlns:adlcp": "http://www.adlnet.org/xsd/adlcp_rootv1p2",
}


def write(sets: dict[UnitSystem, CaseSet], primary: UnitSystem, folder: Path) -> list[Path]:
    """Write ``cases-scorm.zip``; with both units the page has a switch.

    Parameters
    ----------
    sets : dict of str to CaseSet
        The same cases by system of units.
    primary : {"conventional", "si"}
        The units the page opens with.
    folder : Path
        Where to.

    Returns
    -------
    list of Path
        The file.
    """
    page: str = import_module("nephrosyn.cases.html").page(sets, primary, teacher=False)
    path = folder / "cases-scorm.zip"
    path.write_bytes(package(sets[primary], page))
    return [path]


def package(cases: CaseSet, page: str) -> bytes:
    """Return the package as bytes.

    Parameters
    ----------
    cases : CaseSet
        Gives title and notice.
    page : str
        The quiz as one HTML page; it calls ``window.nephrosynScore`` whenever the score changes.

    Raises
    ------
    ValueError
        If the page has no head to put the script into.
    """
    manifest = ET.tostring(_manifest(cases), encoding="unicode")
    content = {_PAGE: with_adapter(page).encode(), _MANIFEST: f'<?xml version="1.0"?>\n{manifest}\n'.encode()}
    return packed(content, first=_MANIFEST)


def with_adapter(page: str) -> str:
    """Return the page with the script at the end of its head: before any script of the body runs."""
    if page.count("</head>") != 1:
        raise ValueError("the page has no head, or several")
    script = files(__name__).joinpath("adapter.js").read_text(encoding="utf-8")
    return page.replace("</head>", f"<script>\n{script}</script>\n</head>")


def _manifest(cases: CaseSet) -> ET.Element:
    title = fragment.one_line(cases.title)
    root = ET.Element("manifest", {**_NAMESPACES, "identifier": "nephrosyn-cases", "version": "1.0"})
    told = fragment.add(root, "metadata")
    fragment.add(told, "schema", "ADL SCORM")
    fragment.add(told, "schemaversion", "1.2")
    organizations = fragment.add(root, "organizations", default="organization")
    organization = fragment.add(organizations, "organization", identifier="organization")
    fragment.add(organization, "title", title)
    entry = fragment.add(organization, "item", identifier="item", identifierref="resource", isvisible="true")
    fragment.add(entry, "title", title)
    resource = fragment.add(fragment.add(root, "resources"), "resource", identifier="resource", type="webcontent")
    resource.set("adlcp:scormtype", "sco")
    resource.set("href", _PAGE)
    fragment.add(resource, "file", href=_PAGE)
    return root
