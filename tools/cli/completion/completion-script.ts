// The completion script of a shell, from the commands as they are.
import { builtinPlans } from "@moorage/simulator"
import { boardNames } from "@moorage/vm"
import type { Command } from "commander"
import { commandTree } from "../command-tree.js"
import { bashScript } from "./bash-script.js"
import { fishScript } from "./fish-script.js"
import { rowsOf } from "./completion-table.js"
import { zshScript } from "./zsh-script.js"

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript }

export function completionScript(program: Command, shell: keyof typeof SCRIPTS): string {
    const words = { plan: builtinPlans(), board: boardNames() }
    return SCRIPTS[shell](rowsOf(commandTree(program), words))
}
