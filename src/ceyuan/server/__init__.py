"""The platform as one process: settings, the list of rooms, the application, start and stop."""

import warnings

from pydantic import BaseModel
from pydantic.warnings import UnsupportedFieldAttributeWarning

# Six hundred models, of which a server at rest uses a few: each is built when it is first used. Set where the server's
# import begins, for a model takes it from its base when it is defined.
BaseModel.model_config["defer_build"] = True
# FastAPI silences this one of its own fields, but only while it makes them.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
