"""Draw the latent traits of patients from a scenario: `traits.draw_patients`."""
