"""FHIR R4 bulk exports as they landed."""
