"""FHIR R4: one resource a line, in files for the bulk loaders of FHIR servers and analytics tools."""
