"""`heliograph`: the command line. Names and options here, the work in `commands`."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape

from heliograph import __version__
from heliograph.commands.console import console, fail
from heliograph.settings import Settings

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A self-hosted messaging server for Instagram Direct.",
)
keys = typer.Typer(no_args_is_help=True, help="Make, list and delete API keys.")
journal = typer.Typer(no_args_is_help=True, help="What webhooks could not be applied, and trying them again.")
oauth = typer.Typer(no_args_is_help=True, help="Register, list and delete OAuth clients.")
facebook_apps = typer.Typer(no_args_is_help=True, help="Add, list and remove the apps at Meta that people log in with.")
members = typer.Typer(no_args_is_help=True, help="Who may sign in to the dashboard, and links to get in by.")
cli.add_typer(keys, name="keys")
cli.add_typer(facebook_apps, name="facebook-apps")
cli.add_typer(members, name="members")
cli.add_typer(oauth, name="oauth")
cli.add_typer(journal, name="journal")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def _settings(**given: object) -> Settings:
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = f"HELIOGRAPH_{str(first['loc'][0]).upper()}" if first["loc"] else "A setting"
        fail(f"{name} is not usable: {first['msg']}.", "`heliograph settings` lists what every setting means.")


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [HELIOGRAPH_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [HELIOGRAPH_PORT].")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Embedded database and key [HELIOGRAPH_DATA_DIR].")] = None,
) -> None:
    """Run the server."""
    from heliograph.app import serve as serve_app
    from heliograph.commands.run import run
    from heliograph.telemetry.logs import configure_logging, get_logger

    settings = _settings(host=host, port=port, data_dir=data_dir)
    configure_logging(
        level=settings.log_level, as_json={"auto": None, "json": True, "pretty": False}[settings.log_format]
    )

    def tell(link: str) -> None:
        if not console.is_terminal:  # a link that lets people in belongs into no log
            get_logger("dashboard").info("nobody has an account yet", do="heliograph members link")
            return
        console.print(f"[sun]Nobody runs this yet.[/sun] Make your account, within the hour:\n  [sun]{link}[/sun]")

    _guarded(lambda: run(serve_app(settings, first_run=tell)))


@cli.command()
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
    _guarded(lambda: run(simulator.serve(host, port, data_dir)))


@cli.command()
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
    _guarded(lambda: run(session.run()))


@cli.command()
def listen(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8002,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """A webhook target that shows what arrives. For development."""
    from heliograph.commands.listen import Listener
    from heliograph.commands.listen import listen as listen_at
    from heliograph.commands.run import run

    console.print(f"[sun]Listening[/sun] at http://{host}:{port}/")
    _guarded(lambda: run(listen_at(host, port, Listener())))


@cli.command()
def settings(as_json: AsJson = False) -> None:
    """Every setting, what it is for, and the value in force."""
    from heliograph.commands.table import print_settings, settings_rows

    if as_json:
        print(json.dumps(settings_rows(_settings()), indent=2))
    else:
        print_settings(_settings())


@cli.command()
def migrate() -> None:
    """Bring the database up to date. `serve` does it too; this is for those who deploy in steps."""
    from heliograph.app import open_database

    async def work() -> None:
        async with open_database(_settings()):
            console.print("[good]The database is up to date.[/good]")

    _guarded(lambda: asyncio.run(work()))


@cli.command()
def backfill(
    integrations: Annotated[
        list[str] | None, typer.Argument(help="Ids of Instagram integrations. Without: all of them.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Go back at least so far: 2026-11-20, 2026-11-20T08:00, 3d, 12h. Without: since the last run."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring in what Meta's webhooks missed. Twice does no harm: what is here is not taken twice."""
    from datetime import UTC, datetime

    from heliograph.commands import backfill as backfills
    from heliograph.commands.show_backfill import Progress, show
    from heliograph.telemetry.logs import configure_logging

    def work() -> None:
        configure_logging(level="ERROR", as_json=None)
        start = backfills.parse_since(since, datetime.now(UTC)) if since else None
        with Progress() as progress:
            rows = asyncio.run(backfills.backfill(_settings(), integrations or [], start, progress))
        if as_json:
            print(json.dumps(rows, indent=2))
        else:
            show(rows)
        if any(row["state"] == "failed" for row in rows):
            raise typer.Exit(1)

    _guarded(work)


@cli.command()
def doctor(
    integration: Annotated[
        str | None, typer.Argument(help="Id of an Instagram integration. Without: all of them.")
    ] = None,
    app: Annotated[str | None, typer.Option(help="Only the integrations of this app.")] = None,
    as_json: AsJson = False,
) -> None:
    """Examine the installation and its integrations now, repair what can be repaired, and say what to do about the rest."""
    from heliograph.commands import doctor as doctors
    from heliograph.commands.show_doctor import show
    from heliograph.telemetry.logs import configure_logging

    def work() -> None:
        configure_logging(level="ERROR", as_json=None)
        examined = asyncio.run(doctors.examine(_settings(), integration, app))
        if as_json:
            print(json.dumps(examined.shown(), indent=2))
        else:
            show(examined)
        if not examined.is_well:
            raise typer.Exit(1)

    _guarded(work)


@cli.command("app-review")
def app_review(
    facebook_app_id: Annotated[str, typer.Argument(help="The id of the app at Meta.")],
    make_calls: Annotated[
        bool, typer.Option("--make-calls", help="Make the test calls that Meta wants first.")
    ] = False,
    company: Annotated[str, typer.Option(help="Your company's name, for the texts.")] = "",
    product: Annotated[str, typer.Option(help="Your product's name, for the texts.")] = "",
    as_json: AsJson = False,
) -> None:
    """What App Review at Meta needs: what is missing, texts to adapt, addresses to enter, the screencast."""
    from heliograph.commands import app_review as reviews
    from heliograph.commands.show_app_review import show
    from heliograph.telemetry.logs import configure_logging

    def work() -> None:
        configure_logging(level="ERROR", as_json=None)
        report, made = asyncio.run(reviews.app_review(_settings(), facebook_app_id, make_calls=make_calls))
        if as_json:
            print(json.dumps(reviews.as_json(report, made, company=company, product=product), indent=2))
        else:
            show(report, made, asked=make_calls, company=company, product=product)
        if not all(one.succeeded for one in made):
            raise typer.Exit(1)

    _guarded(work)


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Option(help="What the key is called.")] = "Command line",
    app: Annotated[str | None, typer.Option(help="An app's id: a key for that app. Without: an account key.")] = None,
    as_json: AsJson = False,
) -> None:
    """A new key. An account key opens everything; an app key one app."""
    from heliograph.commands.keys import make_key

    def work() -> None:
        scope = "app" if app else "account"
        key = asyncio.run(make_key(_settings(), scope=scope, app_id=app, name=name))
        if as_json:
            print(json.dumps(key, indent=2))
        else:
            console.print(f"id      [sun]{key['id']}[/sun]\nsecret  [sun]{key['secret']}[/sun]")

    _guarded(work)


@keys.command("list")
def keys_list(as_json: AsJson = False) -> None:
    """All keys, without their secrets."""
    from heliograph.commands.keys import list_keys

    def work() -> None:
        rows = asyncio.run(list_keys(_settings()))
        if as_json:
            print(json.dumps(rows, indent=2))
        for row in rows if not as_json else ():
            console.print(
                f"{row['id']}  [soft]{row['scope']:<12}[/soft] {row['app_id'] or '':<26} {row['display_name']}"
            )
        if not rows and not as_json:
            console.print("No keys yet. `heliograph keys create` makes the first.")

    _guarded(work)


@keys.command("delete")
def keys_delete(key_id: str) -> None:
    """Delete a key. It stops working at once."""
    from heliograph.commands.keys import delete_key

    def work() -> None:
        if not asyncio.run(delete_key(_settings(), key_id)):
            fail(f"There is no key {key_id}.", "`heliograph keys list` shows those there are.")
        console.print("[good]Deleted.[/good]")

    _guarded(work)


@keys.command("verify-token")
def keys_verify_token(facebook_app_id: str, as_json: AsJson = False) -> None:
    """Callback URL and verify token of a Facebook app, to enter in Meta's dashboard by hand."""
    from heliograph.commands.keys import verify_token

    def work() -> None:
        found = asyncio.run(verify_token(_settings(), facebook_app_id))
        if as_json:
            print(json.dumps(found, indent=2))
        else:
            console.print(
                f"callback URL  [sun]{found['callback_url']}[/sun]\nverify token  [sun]{found['verify_token']}[/sun]"
            )

    _guarded(work)


@members.command("link")
def members_link(
    email: Annotated[str | None, typer.Option(help="Whose. Without: the first owner's, or the only owner's.")] = None,
    as_json: AsJson = False,
) -> None:
    """A link to get in by, once: to make the first account, or to choose a new password."""
    from heliograph.commands.members import make_link

    def work() -> None:
        made = asyncio.run(make_link(_settings(), email))
        if as_json:
            print(json.dumps(made, indent=2))
        else:
            console.print(f"[sun]{made['link']}[/sun]")
            whose = f"For {escape(made['email'])}. " if made["email"] else "For the first owner. "
            console.print(f"[soft]{whose}It opens once, until {made['until']}.[/soft]")

    _guarded(work)


@members.command("list")
def members_list(as_json: AsJson = False) -> None:
    """All members."""
    from heliograph.commands.members import list_members

    def work() -> None:
        rows = asyncio.run(list_members(_settings()))
        if as_json:
            print(json.dumps(rows, indent=2))
        for row in rows if not as_json else ():
            words = f"{row['role']:<6} [soft]{row['state']:<9}[/soft]"
            console.print(f"{words} {escape(row['email']):<32} {escape(row['name'])}")
        if not rows and not as_json:
            console.print("Nobody yet. `heliograph members link` makes a link for the first owner.")

    _guarded(work)


@oauth.command("create")
def oauth_create(
    name: Annotated[str, typer.Option(help="What people are shown when it asks for access.")],
    redirect_uri: Annotated[
        list[str], typer.Option(help="Where people return to; may be given several times. The first is the default.")
    ],
    remove_url: Annotated[str | None, typer.Option(help="Called when its integration in an app is deleted.")] = None,
    icon: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A PNG, JPEG or SVG of at most 64 kB.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A new client: a program that may ask people for access to their apps. Its secret is shown this once."""
    from heliograph.commands.oauth import make_client

    def work() -> None:
        picture = icon.read_bytes() if icon else None
        client = asyncio.run(
            make_client(_settings(), name=name, redirect_uris=redirect_uri, remove_url=remove_url, icon=picture)
        )
        if as_json:
            print(json.dumps(client, indent=2))
            return
        console.print(
            f"client id      [sun]{client['client_id']}[/sun]\nclient secret  [sun]{client['client_secret']}[/sun]"
        )
        address = f"{_settings().reachable_at}/oauth/authorize?response_type=code&client_id={client['client_id']}"
        console.print(f"[soft]People let it in at {address}[/soft]")

    _guarded(work)


@oauth.command("list")
def oauth_list(as_json: AsJson = False) -> None:
    """All clients, and how many apps let them in."""
    from heliograph.commands.oauth import list_clients

    def work() -> None:
        rows = asyncio.run(list_clients(_settings()))
        if as_json:
            print(json.dumps(rows, indent=2))
        for row in rows if not as_json else ():
            console.print(f"{row['id']}  [soft]in {len(row['apps'])} app(s)[/soft]  {escape(row['display_name'])}")
        if not rows and not as_json:
            console.print("No clients yet. `heliograph oauth create` registers the first.")

    _guarded(work)


@oauth.command("delete")
def oauth_delete(client_id: str) -> None:
    """Delete a client, with its tokens, integrations and webhooks in every app. They stop working at once."""
    from heliograph.commands.oauth import delete_client

    def work() -> None:
        if not asyncio.run(delete_client(_settings(), client_id)):
            fail(f"There is no client {client_id}.", "`heliograph oauth list` shows those there are.")
        console.print("[good]Deleted.[/good]")

    _guarded(work)


@facebook_apps.command("add")
def facebook_apps_add(
    facebook_app_id: Annotated[str, typer.Argument(help="The app's id in Meta's App Dashboard.")],
    secret: Annotated[
        str, typer.Option(prompt=True, hide_input=True, help="Its secret. Without: it is asked for, and not shown.")
    ],
    name: Annotated[str, typer.Option(help="What it is called here.")] = "",
    login: Annotated[str, typer.Option(help="facebook or instagram.")] = "facebook",
    config_id: Annotated[
        str | None, typer.Option(help="A configuration of Facebook Login for Business, instead of permissions.")
    ] = None,
    app: Annotated[str | None, typer.Option(help="An app's id: for that one alone. Without: for everybody.")] = None,
    default: Annotated[bool, typer.Option("--default", help="The one to use where there are several.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try an app at Meta, and keep it for the built-in login. Its secret is stored encrypted."""
    from heliograph.commands import facebook_apps as work_on

    def work() -> None:
        how = {"name": name, "login": login, "config_id": config_id, "app_id": app, "default": default}
        made = asyncio.run(work_on.add(_settings(), facebook_app_id, secret, **how))
        if as_json:
            print(json.dumps(made, indent=2))
            return
        console.print(f"[good]Added[/good] {escape(made['name'])}. Enter at Meta:")
        for one in made["enter"]:
            console.print(f"  {one['what']:<26} [sun]{one['value']}[/sun]\n  {'':<26} [soft]{one['where']}[/soft]")

    _guarded(work)


@facebook_apps.command("list")
def facebook_apps_list(as_json: AsJson = False) -> None:
    """All of them, for whom they are, and how many accounts came by each."""
    from heliograph.commands import facebook_apps as work_on

    def work() -> None:
        rows = asyncio.run(work_on.list_all(_settings()))
        if as_json:
            print(json.dumps(rows, indent=2))
        for row in rows if not as_json else ():
            whom = "everybody" if row["shared"] else row["app_id"] or "those connected by it"
            accounts = f"{row['accounts']} account(s)"
            console.print(
                f"{row['id']:<18}  [soft]{row['login']:<9}  {whom:<24}  {accounts:<14}[/soft]  {escape(row['name'])}"
            )
        if not rows and not as_json:
            console.print("No Facebook apps yet. `heliograph facebook-apps add` keeps the first.")

    _guarded(work)


@facebook_apps.command("remove")
def facebook_apps_remove(facebook_app_id: str) -> None:
    """Remove one by which no account is connected."""
    from heliograph.commands import facebook_apps as work_on

    def work() -> None:
        asyncio.run(work_on.remove(_settings(), facebook_app_id))
        console.print("[good]Removed.[/good]")

    _guarded(work)


@journal.command("show")
def journal_show(as_json: AsJson = False) -> None:
    """How many items of webhooks were not applied, by reason."""
    from heliograph.app import open_database
    from heliograph.channels.instagram.journal.leftovers import summary

    async def read() -> list[dict[str, object]]:
        async with open_database(_settings()) as database:
            return [
                {**dict(row), "first": row["first"].isoformat(), "last": row["last"].isoformat()}
                for row in await summary(database)
            ]

    def work() -> None:
        rows = asyncio.run(read())
        if as_json:
            print(json.dumps(rows, indent=2))
            return
        for row in rows:
            console.print(f"[sun]{row['items']:>8}[/sun]  {row['reason']:<32} [soft]last {row['last']}[/soft]")
        if not rows:
            console.print("Everything that came was applied.")

    _guarded(work)


@journal.command("replay")
def journal_replay(
    reason: Annotated[
        str | None, typer.Argument(help="Only leftovers of this reason, as `journal show` names it.")
    ] = None,
) -> None:
    """Try leftovers again, after an update or a repair. What was applied before is not applied twice."""
    from heliograph.app import open_database
    from heliograph.channels.instagram.journal.leftovers import replay

    async def work() -> None:
        async with open_database(_settings()) as database:
            count = await replay(database, reason)
        console.print(f"[good]{count}[/good] items are in line again; the server takes them from here.")

    _guarded(lambda: asyncio.run(work()))


@cli.command()
def version() -> None:
    """The version."""
    print(__version__)


def _guarded(work: "object") -> None:
    """Run a command; known trouble becomes a sentence instead of a traceback."""
    from heliograph.storage.database import DatabaseUnavailableError
    from heliograph.storage.migrate import MigrationError
    from heliograph.storage.secrets import SecretError

    try:
        work()  # type: ignore[operator]
    except (DatabaseUnavailableError, MigrationError, SecretError, LookupError) as error:
        fail(f"{type(error).__name__.removesuffix('Error')}: {error}")
    except OSError as error:
        fail(f"{error.strerror or error}.", "Is another program using the port? --port chooses another.")
    except KeyboardInterrupt:
        pass


def main() -> None:
    """The entry point."""
    cli()
