"""Personal data: taken out on request, erased on request, and not kept longer than it serves; and the export
of all that an organisation has. Rooms above fill the hooks; this room runs them."""
