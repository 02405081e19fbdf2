"""Draw the latent traits of patients from a scenario: `draw.draw_patients`."""
