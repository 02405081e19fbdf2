"""Draw the latent traits of patients from a scenario."""
