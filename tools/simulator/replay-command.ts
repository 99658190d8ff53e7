// The commands that show a run, or one of its boards, again.

export interface ReplayCommands {
    run: (seed: number) => string
    board: (seed: number, board: string) => string
}

/** A word of a command line, in quotes when a shell would take it for more. */
const shellWord = (text: string) =>
    /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** What a run's boards are, when not the plan's own number of its own boards. */
export interface ReplayOptions {
    boards?: number
    /** A folder of images. */
    images?: string
    groupKeyFile?: string
    rollout?: string
}

/** @param planName a ready plan, or a file, as it was given to the command */
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
