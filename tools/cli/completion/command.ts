import { Argument, type Command } from "commander"
import type { Shell } from "./run.js"

const EPILOGUE = `
Examples
  source <(moorage completion bash)                        for the current shell; add the line to ~/.bashrc
  moorage completion bash > ~/.local/share/bash-completion/completions/moorage        for all new shells
  moorage completion zsh > ~/.zfunc/_moorage               if ~/.zshrc adds ~/.zfunc to fpath before it calls compinit
  moorage completion fish > ~/.config/fish/completions/moorage.fish

Exit codes: 0 done, 2 wrong usage.`

/** Adds `moorage completion`. */
export function addCompletion(program: Command): void {
    program
        .command("completion")
        .summary("print a shell script that completes commands")
        .description(
            "Prints a shell script that completes the commands, options, values and file names of `moorage`."
        )
        .addArgument(new Argument("<shell>", "shell of the script").choices(["bash", "zsh", "fish"]))
        .addHelpText("after", EPILOGUE)
        .action(async (shell: Shell) => {
            const { printCompletionScript } = await import("./run.js")
            printCompletionScript(program, shell)
        })
}
