"""What is predicted, from which features, and how it is judged."""
