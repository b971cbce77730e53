"""Access tokens: a person's own, and those of services that an organisation runs. What presents one is an
`Actor`; how requests are matched to tokens is next door (`access`)."""
