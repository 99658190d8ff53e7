import type { Command } from "commander"
import { addRolloutPlan } from "./plan/command.js"
import { addRolloutRun } from "./run/command.js"

/** Adds `moorage rollout` and its subcommands. */
export function addRollout(program: Command): void {
    const rollout = program
        .command("rollout")
        .summary("roll a fleet out in waves, within DPS and hub quotas")
        .description("Rolls a fleet out in waves, within the quotas of DPS and the hubs.")
    addRolloutPlan(rollout)
    addRolloutRun(rollout)
}
