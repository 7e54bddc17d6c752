"""Starting things: server, simulator, demo, listener."""

from pathlib import Path
from typing import Annotated

import typer

from heliograph.cli.base import guarded, read_settings
from heliograph.commands.console import console, fail

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [HELIOGRAPH_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [HELIOGRAPH_PORT].")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Embedded database and key [HELIOGRAPH_DATA_DIR].")] = None,
) -> None:
    """Run the server."""
    from heliograph.app import serve as serve_app
    from heliograph.commands.run import run
    from heliograph.telemetry.logs import configure_logging, get_logger

    settings = read_settings(host=host, port=port, data_dir=data_dir)
    configure_logging(
        level=settings.log_level, as_json={"auto": None, "json": True, "pretty": False}[settings.log_format]
    )

    def tell(link: str) -> None:
        if not console.is_terminal:  # a link that lets people in belongs into no log
            get_logger("dashboard").info("nobody has an account yet", do="heliograph members link")
            return
        console.print(f"[sun]Nobody runs this yet.[/sun] Make your account, within the hour:\n  [sun]{link}[/sun]")

    guarded(lambda: run(serve_app(settings, first_run=tell)))


@app.command()
def simulate(
    port: Annotated[int, typer.Option(help="Port of the simulator.")] = 8001,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    data_dir: Annotated[Path | None, typer.Option(help="Where to keep its world; without it, in memory.")] = None,
) -> None:
    """Run the simulator of Meta alone."""
    from heliograph import simulator
    from heliograph.commands.run import run

    console.print(f"[sun]Simulator of Meta[/sun] at http://{host}:{port}/  (control: /_simulator/docs)")
    console.print(f"[soft]Point a server at it: HELIOGRAPH_GRAPH_URL=http://{host}:{port} heliograph serve[/soft]")
    guarded(lambda: run(simulator.serve(host, port, data_dir)))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the server.")] = 8000,
    simulator_port: Annotated[int, typer.Option(help="Port of the simulator.")] = 8001,
    listen_port: Annotated[int | None, typer.Option(help="Where webhooks are shown [simulator's port + 1].")] = None,
    data_dir: Annotated[Path, typer.Option(help="Where the demo lives.")] = Path("data/demo"),
    reset: Annotated[bool, typer.Option("--reset", help="Forget the last demo first.")] = False,
) -> None:
    """Server, simulator and database, connected and ready to try."""
    from heliograph.commands import demo as demos
    from heliograph.commands.run import run

    if reset:
        try:
            demos.reset(data_dir)
        except demos.DemoRunsError as error:
            fail(str(error), "Stop it with Ctrl-C where it was started, then try again.")
    session = demos.Demo(port, simulator_port, listen_port or simulator_port + 1, data_dir)
    guarded(lambda: run(session.run()))


@app.command()
def listen(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8002,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """A webhook target that shows what arrives. For development."""
    from heliograph.commands.listen import Listener
    from heliograph.commands.listen import listen as listen_at
    from heliograph.commands.run import run

    console.print(f"[sun]Listening[/sun] at http://{host}:{port}/")
    guarded(lambda: run(listen_at(host, port, Listener())))
