"""A SCORM 1.2 package: the quiz page, whose answers, score and status a learning management system stores.

``adapter.js`` talks to the system, ``attempt.js`` encodes the answers for SCORM 1.2. In a system the page neither reads
nor writes the storage of the browser; without one it works like the quiz opened from disk.

The page must contain the key, because it marks itself: a learner who reads its source can find it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

from nephrosyn.teach.formats import xhtml
from nephrosyn.teach.formats.scorm.capacity import check
from nephrosyn.teach.formats.zip import IMS_MANIFEST, packed
from nephrosyn.teach.model import CaseSet, UnitSystem

_PAGE = "index.html"
_SCRIPTS = ("adapter.js", "attempt.js")
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
        Folder to write to.

    Returns
    -------
    list of Path
        The file.

    Raises
    ------
    CasesError
        If the answers are too long for a learning management system.
    """
    check(sets[primary])
    path = folder / "cases-scorm.zip"
    path.write_bytes(package(sets[primary], quiz(sets, primary)))
    return [path]


def quiz(sets: dict[UnitSystem, CaseSet], primary: UnitSystem) -> str:
    """Return the quiz page with the scripts for a learning management system.

    Parameters
    ----------
    sets : dict of str to CaseSet
        The same cases by system of units.
    primary : {"conventional", "si"}
        The units the page opens with.
    """
    scripts = [files(__name__).joinpath(name).read_text(encoding="utf-8").strip() for name in _SCRIPTS]
    text: str = import_module("nephrosyn.teach.formats.html").page(sets, primary, teacher=False, scripts=scripts)
    return text


def package(cases: CaseSet, page: str) -> bytes:
    """Return the package as bytes.

    Parameters
    ----------
    cases : CaseSet
        The cases, which give the title.
    page : str
        The quiz as one HTML page.
    """
    manifest = ET.tostring(_manifest(cases), encoding="unicode")
    content = {_PAGE: page.encode(), IMS_MANIFEST: f'<?xml version="1.0"?>\n{manifest}\n'.encode()}
    return packed(content, first=IMS_MANIFEST)


def _manifest(cases: CaseSet) -> ET.Element:
    title = xhtml.one_line(cases.title)
    root = ET.Element("manifest", {**_NAMESPACES, "identifier": "nephrosyn-cases", "version": "1.0"})
    metadata = xhtml.add(root, "metadata")
    xhtml.add(metadata, "schema", "ADL SCORM")
    xhtml.add(metadata, "schemaversion", "1.2")
    organizations = xhtml.add(root, "organizations", default="organization")
    organization = xhtml.add(organizations, "organization", identifier="organization")
    xhtml.add(organization, "title", title)
    entry = xhtml.add(organization, "item", identifier="item", identifierref="resource", isvisible="true")
    xhtml.add(entry, "title", title)
    resource = xhtml.add(xhtml.add(root, "resources"), "resource", identifier="resource", type="webcontent")
    resource.set("adlcp:scormtype", "sco")
    resource.set("href", _PAGE)
    xhtml.add(resource, "file", href=_PAGE)
    return root
