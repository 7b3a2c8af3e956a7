"""What people decided about who is who, and what persons consent to, as it landed."""
