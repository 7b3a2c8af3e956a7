"""CMS RIF claim files as they landed."""
