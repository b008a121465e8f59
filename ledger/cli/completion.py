"""`backstop completion`."""

import click
from click.shell_completion import get_completion_class

VARIABLE = "_BACKSTOP_COMPLETE"
"""What the script sets for `backstop` to answer with completions."""

EXAMPLE = """\b
To have it in every new shell:
  bash  echo 'eval "$(backstop completion bash)"' >> ~/.bashrc
  zsh   echo 'eval "$(backstop completion zsh)"' >> ~/.zshrc
  fish  backstop completion fish > ~/.config/fish/completions/backstop.fish

\b
Example:
  backstop completion bash"""


@click.command("completion", epilog=EXAMPLE)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that completes backstop's commands and options in a shell."""
    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(ctx.find_root().command, {}, "backstop", VARIABLE).source())
    return 0
