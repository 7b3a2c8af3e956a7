"""VCF files and sample manifests as they landed."""
