"""Commands of the rules room."""

import typer

app = typer.Typer(help="rules")


@app.callback()
def root() -> None: ...
