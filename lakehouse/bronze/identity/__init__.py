"""What people decided about who is who, as it landed."""
