// Runs `moorage completion`: generates the script of a shell from the command tree.
import { builtinPlans } from "@moorage/simulator"
import { boardNames } from "@moorage/vm"
import type { Command } from "commander"
import { commandTree } from "../command-tree.js"
import { bashScript } from "./bash-script.js"
import { completionRows } from "./completion-rows.js"
import { fishScript } from "./fish-script.js"
import { zshScript } from "./zsh-script.js"

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript }

export type Shell = keyof typeof SCRIPTS

/** Prints the completion script of a shell. */
export function printCompletionScript(program: Command, shell: Shell): void {
    const words = { plan: builtinPlans(), board: boardNames() }
    process.stdout.write(SCRIPTS[shell](completionRows(commandTree(program), words)))
}
