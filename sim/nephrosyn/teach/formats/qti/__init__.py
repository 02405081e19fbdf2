"""A QTI 2.1 package: an item for each question, a test that keeps the order of stages, pictures and a manifest."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from nephrosyn.teach.formats import xhtml
from nephrosyn.teach.formats.qti.item import assessment_item, identifier
from nephrosyn.teach.formats.questions import Item, image_bytes, image_name, items
from nephrosyn.teach.formats.zip import IMS_MANIFEST, packed
from nephrosyn.teach.model import CaseSet, UnitSystem

_TEST = "test.xml"
_SCHEMAS = {
    "manifest": "http://www.imsglobal.org/xsd/imscp_v1p1 http://www.imsglobal.org/xsd/qti/qtiv2p1/qtiv2p1_imscpv1p2_v1p0.xsd",
    "qti": "http://www.imsglobal.org/xsd/imsqti_v2p1 http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd",
}


def write(sets: dict[UnitSystem, CaseSet], primary: UnitSystem, folder: Path) -> list[Path]:
    """Write ``cases-qti.zip`` in the primary units.

    Parameters
    ----------
    sets : dict of str to CaseSet
        The same cases by system of units.
    primary : {"conventional", "si"}
        The units to write.
    folder : Path
        Folder to write to.

    Returns
    -------
    list of Path
        The file.
    """
    path = folder / "cases-qti.zip"
    path.write_bytes(package(sets[primary]))
    return [path]


def package(cases: CaseSet) -> bytes:
    """Return the package as bytes."""
    all_items = list(items(cases))
    files = {_item_path(item): _bytes(assessment_item(item, cases.notice), "qti") for item in all_items}
    files |= {_image_path(image_name(figure)): image_bytes(figure) for item in all_items for figure in item.figures}
    files[_TEST] = _bytes(_test(cases, all_items), "qti")
    files[IMS_MANIFEST] = _bytes(_manifest(cases, all_items), "manifest")
    return packed(files, first=IMS_MANIFEST)


def _item_path(item: Item) -> str:
    return f"items/{item.id}.xml"


def _image_path(name: str) -> str:
    return f"images/{name}"


def _bytes(root: ET.Element, schema: str) -> bytes:
    root.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root.set("xsi:schemaLocation", _SCHEMAS[schema])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def _test(cases: CaseSet, all_items: list[Item]) -> ET.Element:
    root = ET.Element("assessmentTest", xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1", identifier="test")
    root.set("title", xhtml.one_line(cases.title))
    xhtml.add(root, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float")
    # Linear: the next stage is shown only after the answer to the one before.
    part = xhtml.add(root, "testPart", identifier="part", navigationMode="linear", submissionMode="individual")
    xhtml.add(part, "itemSessionControl", showFeedback="true", allowReview="true")
    for case in cases.cases:
        section = xhtml.add(part, "assessmentSection", identifier=f"case-{case.id}", title=case.title, visible="true")
        for item in all_items:
            if item.case is case:
                xhtml.add(section, "assessmentItemRef", identifier=identifier(item), href=_item_path(item))
    total = xhtml.add(xhtml.add(root, "outcomeProcessing"), "setOutcomeValue", identifier="SCORE")
    xhtml.add(xhtml.add(total, "sum"), "testVariables", variableIdentifier="SCORE")
    return root


def _manifest(cases: CaseSet, all_items: list[Item]) -> ET.Element:
    root = ET.Element("manifest", xmlns="http://www.imsglobal.org/xsd/imscp_v1p1", identifier="manifest")
    metadata = xhtml.add(root, "metadata")
    xhtml.add(metadata, "schema", "QTIv2.1 Package")
    xhtml.add(metadata, "schemaversion", "1.0.0")
    xhtml.add(root, "organizations")
    resources = xhtml.add(root, "resources")
    test = _resource(resources, "resource-test", "imsqti_test_xmlv2p1", _TEST)
    for item in all_items:
        name = identifier(item)
        xhtml.add(test, "dependency", identifierref=name)
        resource = _resource(resources, name, "imsqti_item_xmlv2p1", _item_path(item))
        for figure in item.figures:
            xhtml.add(resource, "dependency", identifierref=_picture_id(image_name(figure)))
    for name in sorted({image_name(figure) for item in all_items for figure in item.figures}):
        _resource(resources, _picture_id(name), "webcontent", _image_path(name))
    return root


def _picture_id(name: str) -> str:
    return f"resource-{name.removesuffix('.png')}"


def _resource(parent: ET.Element, ident: str, kind: str, path: str) -> ET.Element:
    resource = xhtml.add(parent, "resource", identifier=ident, type=kind, href=path)
    xhtml.add(resource, "file", href=path)
    return resource
