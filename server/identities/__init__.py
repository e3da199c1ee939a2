"""Who a person is to every organization: first name, last name, date of birth and profile picture, and nothing else."""
