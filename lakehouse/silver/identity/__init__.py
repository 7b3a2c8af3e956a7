"""Who is who: patients, beneficiaries and samples become persons, practitioners providers, organisations care sites."""
