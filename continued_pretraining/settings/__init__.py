"""Settings of ``x2static pretrain`` by what they concern; `config` puts them together."""
