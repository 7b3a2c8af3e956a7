"""Who is who: patients, beneficiaries and samples become persons."""
