import { Argument, type Command } from "commander"

const EXAMPLES = `
Examples
  source <(moorage completion bash)                        for this shell; add it to ~/.bashrc
  moorage completion bash > ~/.local/share/bash-completion/completions/moorage        for all that follow
  moorage completion zsh > ~/.zfunc/_moorage               where fpath has ~/.zfunc, before compinit
  moorage completion fish > ~/.config/fish/completions/moorage.fish

Exit codes: 0 done, 2 wrong usage.`

/** `moorage completion`. */
export function addCompletion(program: Command): void {
    program
        .command("completion")
        .summary("print a script that completes commands in a shell")
        .description(
            "Prints a script that completes commands, options, their choices and files of the command moorage, for a shell."
        )
        .addArgument(new Argument("<shell>", "which one").choices(["bash", "zsh", "fish"]))
        .addHelpText("after", EXAMPLES)
        .action(async (shell: "bash" | "zsh" | "fish") => {
            const { completionScript } = await import("./completion-script.js")
            process.stdout.write(completionScript(program, shell))
        })
}
