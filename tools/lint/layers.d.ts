export interface Forbidden {
    /** The row of the table that forbids it. */
    from: string
    /** The module that was imported, as a path in the repository. */
    to: string
    allowed: string[]
}

export function moduleOf(file: string, name: string): string
export function forbidden(file: string, name: string): Forbidden | undefined
