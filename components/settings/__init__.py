"""The stack config as one typed, frozen model with the defaults of the guide.

Every section is one key of the project, `teei-finops:<section>`, whose value is an object; `environment`,
`region` and `account_id` are strings. A stack file `Pulumi.<stack>.yaml` holds what is particular to the
stack; `Pulumi.yaml` holds `owner` and `budgets`, which all stacks share; all else has a default here.

`budgets` is in the config, not among the defaults, because the policy pack and the cost review read it there:
an object of budgets by name (the values of the `budget` tag), each with a monthly `limit` in US dollars.
"""

from components.settings.errors import SettingsError
from components.settings.load import PREFIX, load, parse
from components.settings.stack import Settings

__all__ = ["PREFIX", "Settings", "SettingsError", "load", "parse"]
