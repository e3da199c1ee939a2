"""What a person may ask of an organization - everything it has about them, or none of it - and leaving the lists."""
