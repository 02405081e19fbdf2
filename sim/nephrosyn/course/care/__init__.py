"""What the clinic measures, concludes and does."""
