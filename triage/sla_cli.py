"""Commands of the sla room."""

import typer

app = typer.Typer(help="sla")


@app.callback()
def root() -> None: ...
