// The commands that show a run, or one of its boards, again.

export interface Replay {
    run: (seed: number) => string
    board: (seed: number, board: string) => string
}

/** A word of a command line, in quotes when a shell would take it for more. */
const word = (text: string) => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** @param planName a ready plan, or a file, as it was given to the command */
export function replayOf(planName: string): Replay {
    return {
        run: seed => `moorage simulate ${word(planName)} --seed ${seed}`,
        board: (seed, board) => `moorage replay ${word(planName)} --seed ${seed} --board ${word(board)}`,
    }
}
