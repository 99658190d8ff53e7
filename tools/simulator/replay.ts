// The commands that show a run, or one of its boards, again.

export interface Replay {
    run: (seed: number) => string
    board: (seed: number, board: string) => string
}

/** A word of a command line, in quotes when a shell would take it for more. */
const word = (text: string) => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/**
 * @param planName a ready plan, or a file, as it was given to the command
 * @param boards how many boards the run had, when that was not the plan's own number
 */
export function replayOf(planName: string, boards?: number): Replay {
    const plan = word(planName) + (boards === undefined ? "" : ` --boards ${boards}`)
    return {
        run: seed => `moorage simulate ${plan} --seed ${seed}`,
        board: (seed, board) => `moorage replay ${plan} --seed ${seed} --board ${word(board)}`,
    }
}
