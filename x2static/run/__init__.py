"""A whole pipeline from one TOML file: tasks by language and stage that know what is done."""
