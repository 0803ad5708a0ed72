"""All operations of the API, gathered from the resources."""

from . import account, control, generations, interviews, packages, turns

OPERATIONS = [
    *interviews.routes.operations,
    *turns.routes.operations,
    *generations.routes.operations,
    *control.routes.operations,
    *packages.routes.operations,
    *account.routes.operations,
]
