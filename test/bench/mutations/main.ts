// Runs mutants of the firmware in the simulator and prints which invariants detect them.
import { MUTANTS, type MutantPlan } from "./mutants.js"
import { MutantProject } from "./project.js"
import { mutantPlan, type MutantTrial, runImages, runMutant } from "./try-mutant.js"

function trialText({ violations, first }: MutantTrial): string {
    const counts = Object.entries(violations).map(([id, count]) => `${id} ${count}`)
    if (!first) return "no violation"
    return `${counts.join(", ")} | ${first.board} at ${(first.ms / 1000).toFixed(1)} s: ${first.what}`
}

/** Prints which invariants each mutant violates, and that the unchanged firmware violates none. */
export async function benchMutations(): Promise<void> {
    const project = new MutantProject()
    try {
        console.log("Mutants: size of main and maintight; plan, seed; violations; first violation")
        const images = await project.build({ name: "none", edits: [] })
        for (const name of new Set<MutantPlan>(MUTANTS.map(mutant => mutant.plan))) {
            const trial = await runImages(images, mutantPlan(name), 1)
            console.log(
                `  ${"(unchanged)".padEnd(48)} ${sizes(trial)} ${name.padEnd(11)} 1 ${trialText(trial)}`
            )
        }
        let detected = 0
        for (const mutant of MUTANTS) {
            const trial = await runMutant(project, mutant)
            const isDetected = (trial.violations[mutant.detectedBy] ?? 0) > 0
            if (isDetected) detected++
            const missed = isDetected ? "" : ` NOT BY ${mutant.detectedBy}`
            console.log(
                `  ${mutant.name.padEnd(48)} ${sizes(trial)} ${mutant.plan.padEnd(11)} ${mutant.seed} ${trialText(trial)}${missed}`
            )
        }
        console.log(`  ${detected} of ${MUTANTS.length} detected by the expected invariant`)
    } finally {
        project.remove()
    }
}

/** Returns the sizes of both images in bytes. */
function sizes({ mainBytes, tightBytes }: MutantTrial): string {
    return `${mainBytes} ${tightBytes}`
}
