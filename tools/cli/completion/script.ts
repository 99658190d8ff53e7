// The completion script of a shell, from the commands as they are.
import { readyPlans } from "@moorage/simulator/plan.js"
import { boardNames } from "@moorage/vm/boards.js"
import type { Command } from "commander"
import { treeOf } from "../tree.js"
import { bashScript } from "./bash.js"
import { fishScript } from "./fish.js"
import { rowsOf } from "./table.js"
import { zshScript } from "./zsh.js"

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript }

export function completionScript(program: Command, shell: keyof typeof SCRIPTS): string {
    const words = { plan: readyPlans(), board: boardNames() }
    return SCRIPTS[shell](rowsOf(treeOf(program), words))
}
