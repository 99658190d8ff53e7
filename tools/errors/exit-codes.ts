/** Exit codes of every command. */
export const EXIT_CODES = {
    done: 0,
    failed: 1,
    wrongUsage: 2,
    /** A defect of Moorage. */
    crashed: 70,
    /** 128 plus the number of SIGINT, as shells report it. */
    interrupted: 130,
} as const
