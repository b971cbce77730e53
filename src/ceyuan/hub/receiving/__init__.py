"""Taking what git pushes: the commits of a pack in the hub's own form, and branches and tags moved by the rules.

What packs are is the business of `hub.git`; how they come over HTTP that of the protocol."""
