"""Examples at the end of a command's help."""


def examples(*lines: tuple[str, str]) -> str:
    """The end of a help text: each command under a comment that says what for, as a shell would take them."""
    shown = (f"[dim]# {purpose}[/dim]\n{command}" for command, purpose in lines)
    return "\n".join(("[bold]Examples[/bold]", *shown))
