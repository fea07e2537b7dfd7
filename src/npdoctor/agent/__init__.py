"""ISLAND. Scripts that run inside the target interpreter; never imported by npdoctor."""
