// The commands that reproduce a run, or show one of its boards step by step.

export interface ReplayCommands {
    run: (seed: number) => string
    board: (seed: number, board: string) => string
}

/** Returns a word of a command line, in quotes if it contains special characters of a shell. */
const shellWord = (text: string) =>
    /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** Options of the command that change the boards of the plan. */
export interface ReplayOptions {
    boards?: number
    /** Folder of flash images. */
    images?: string
    groupKeyFile?: string
    rollout?: string
}

/**
 * Returns the commands that reproduce a run.
 * @param planName name of a built-in plan, or a file, as it was passed to the command
 */
export function replayCommands(
    planName: string,
    { boards, images, groupKeyFile, rollout }: ReplayOptions = {}
): ReplayCommands {
    const given = { boards: boards?.toString(), images, "group-key-file": groupKeyFile, rollout }
    const options = Object.entries(given).flatMap(([name, value]) =>
        value === undefined ? [] : [`--${name} ${shellWord(value)}`]
    )
    const plan = [shellWord(planName), ...options].join(" ")
    return {
        run: seed => `moorage simulate ${plan} --seed ${seed}`,
        board: (seed, board) => `moorage replay ${plan} --seed ${seed} --id ${shellWord(board)}`,
    }
}
