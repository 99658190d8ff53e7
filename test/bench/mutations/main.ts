// Breaks the policy on purpose and lets the simulator's invariants find out.
import { MUTANTS, type MutantPlan } from "./mutants.js"
import { MutantProject } from "./project.js"
import { mutantPlan, type MutantTrial, runImages, runMutant } from "./try-mutant.js"

function textOf({ caught, first }: MutantTrial): string {
    const counts = Object.entries(caught).map(([id, count]) => `${id} ${count}`)
    if (!first) return "nothing"
    return `${counts.join(", ")} | ${first.board} at ${(first.ms / 1000).toFixed(1)} s: ${first.what}`
}

/** Prints which invariants each mutant violated, and that the firmware as it is violates none of them. */
export async function benchMutations(): Promise<void> {
    const project = new MutantProject()
    try {
        console.log("Mutants: size of main and maintight; plan, seed; violations; the first one")
        const images = await project.build({ name: "none", edits: [] })
        for (const name of new Set<MutantPlan>(MUTANTS.map(mutant => mutant.plan))) {
            const trial = await runImages(images, mutantPlan(name), 1)
            console.log(`  ${"(unbroken)".padEnd(48)} ${sizes(trial)} ${name.padEnd(11)} 1 ${textOf(trial)}`)
        }
        let caught = 0
        for (const mutant of MUTANTS) {
            const trial = await runMutant(project, mutant)
            const isCaught = (trial.caught[mutant.caughtBy] ?? 0) > 0
            if (isCaught) caught++
            const miss = isCaught ? "" : ` NOT BY ${mutant.caughtBy}`
            console.log(
                `  ${mutant.name.padEnd(48)} ${sizes(trial)} ${mutant.plan.padEnd(11)} ${mutant.seed} ${textOf(trial)}${miss}`
            )
        }
        console.log(`  ${caught} of ${MUTANTS.length} caught by the invariant that was to catch them`)
    } finally {
        project.remove()
    }
}

function sizes({ mainBytes, tightBytes }: MutantTrial): string {
    return `${mainBytes} ${tightBytes}`
}
